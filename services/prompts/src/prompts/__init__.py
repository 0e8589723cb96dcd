"""Prompts and what they are made of: sets, prompts, immutable versions, labels, parameters and snippets.

Owns their text and nothing else: it renders and checks templates, orders rewrites from the gateway, and tells
every change as a fact. Documents and generations belong to others and are known here by id only.
"""
