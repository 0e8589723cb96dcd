"""Every SQL statement of web."""
