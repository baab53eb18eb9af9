"""Pages as text: made from what is read of the state, and everything in them escaped."""
