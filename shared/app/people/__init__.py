"""Who may do what, who approves, and whose change it is."""
