"""Measurements: what Slipway does in a second, beside what the machine could."""
