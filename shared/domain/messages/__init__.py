"""What comes in and goes out: events, effects, and the queues that they lie in."""
