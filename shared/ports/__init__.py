"""Roles that the outside plays for the application. Each method says what it promises and what it raises."""
