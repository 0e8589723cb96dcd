"""What the house adds to a direct call, measured on this machine."""
