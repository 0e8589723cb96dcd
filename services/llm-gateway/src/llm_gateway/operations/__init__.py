"""What the gateway does: use cases, and the work of carrying a generation from its lease to its end."""
