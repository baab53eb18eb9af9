"""Rollouts in a cluster: what was observed, what it comes to, and whether what runs is what was deployed."""
