"""The HTTP listeners: metrics and health for monitoring, REST for a client."""
