"""Reads a monorepo as Slipway would and says what is fine and what to change; keeps nothing and pushes nothing."""
