"""What must be true of a message: every change of state, written once for every store.

An operation is a plain function over `Tables` (rows in, rows out); the store runs it inside one
transaction on whatever thread it likes. Nothing here waits, reads a clock or logs.
"""
