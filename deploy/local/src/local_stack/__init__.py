"""The whole house on one machine: `python -m local_stack up`, and `LocalStack` for tests and benchmarks.

Starts the embedded servers, migrates, runs the five services and the provider simulator as
processes of their own, restarts what dies and stops all of it in reverse order.
"""
