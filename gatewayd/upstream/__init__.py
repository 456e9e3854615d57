"""Upstream: the stream protocol by which clients submit messages and read events (CONTRACT section 4)."""
