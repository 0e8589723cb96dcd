"""Kills and lost connections, with a seed that is printed."""
