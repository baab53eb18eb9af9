"""What runs in a process of its own, as a chart may take all that its process has. helm_charts starts it, by its path."""
