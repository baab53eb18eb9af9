"""Records, events and effects ↔ stored bytes; the same for all stores and queues."""
