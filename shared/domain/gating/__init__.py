"""What a promotion has to pass before it starts: the gates, and the approval of people."""
