"""What may be sent, to whom and when; and what a reply means. Pure: facts and time are arguments."""
