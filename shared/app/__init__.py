"""Use cases: what is done with events, effects, requests and time. All I/O goes through ports."""
