"""SMPP 3.4 without I/O: octets, PDUs, sessions and texts. Knows nothing of the gateway but its errors."""
