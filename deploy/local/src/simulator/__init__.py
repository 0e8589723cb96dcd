"""A model provider that is none: both great wire formats, deterministic answers, failures on request."""
