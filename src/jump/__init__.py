"""Jump's developer platform: API keys and webhooks for clinical practices."""
