"""Our gateway beside a direct call and, where they are installed, beside LiteLLM's proxy and Portkey's gateway."""
