"""Every SQL statement of workflows: none yet, its schema is the ground of every service."""
