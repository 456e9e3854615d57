"""The HTTP listeners: metrics and health for monitoring."""
