"""One async function a use case; each owns its transaction and writes the outbox in it."""
