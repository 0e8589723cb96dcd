"""What workflows answers and tells. Its engine comes later; nothing is sent yet."""
