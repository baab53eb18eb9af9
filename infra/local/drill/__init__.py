"""The crash drill: tells a whole story to a real host that is killed, torn and starved, and compares how it ends."""
