"""A small operator that stands for the one in a cluster: it applies nothing and answers as if it had."""
