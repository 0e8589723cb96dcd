"""What the HTTP API takes where it differs from the contracts: nothing yet."""
