"""Other teams' calls in the providers' own formats: admitted, written down, passed through, settled."""
