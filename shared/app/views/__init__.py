"""What people and programs read: the API's answers."""
