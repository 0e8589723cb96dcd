"""Stories in headless Chromium against the running house."""
