"""Types and rules of workflows: none yet."""
