"""API keys: issuing, admitting, counting and revoking them."""
