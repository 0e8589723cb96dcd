"""How each provider is asked: one adapter a wire format, connections, prices and the model catalogue."""
