"""From an event to a saved decision, and when its effects are sent and done."""
