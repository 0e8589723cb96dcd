"""Stories that cross services: a real stack, a real browser, real kills."""
