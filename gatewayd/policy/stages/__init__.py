"""One small file per family of rules."""
