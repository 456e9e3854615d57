"""Durable state: one interface, and where it is kept."""
