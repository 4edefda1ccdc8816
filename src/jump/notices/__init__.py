"""What an organisation must be told, worked out from the state of its keys and webhooks."""
