"""Links: one configured account at one SMSC each, and the pool that feeds them."""
