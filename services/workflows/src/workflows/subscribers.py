"""What workflows answers and hears on NATS: nothing yet."""
