"""The rules. Pure: no clock, no environment, no I/O."""
