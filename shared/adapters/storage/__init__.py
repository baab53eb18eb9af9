"""What the stores have in common: how a partition is laid out, what fits into a batch, how messages are handed out."""
