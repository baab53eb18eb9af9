"""Load: many pushes a minute against a real local host, and every one of them accounted for."""
