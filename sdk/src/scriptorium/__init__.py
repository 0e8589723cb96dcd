"""Scriptorium for other teams' programs: prompts by name, documents, generations.

This release holds the name and the version; the client comes with the public API.
"""

from importlib.metadata import version

__version__ = version("scriptorium-sdk")
