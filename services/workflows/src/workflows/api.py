"""The HTTP API of workflows, for other teams with an API key: no route yet."""
