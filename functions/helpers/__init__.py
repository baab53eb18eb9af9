"""What functions of all subjects begin and end with."""
