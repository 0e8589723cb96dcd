"""Workflows: definitions and durable runs. The service starts, is healthy and owns its schema; no run exists yet."""
