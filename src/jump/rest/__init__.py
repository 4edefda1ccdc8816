"""The HTTP API: routes to the shared functions, with no queries of its own."""
