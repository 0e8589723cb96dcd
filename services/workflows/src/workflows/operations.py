"""One async function a use case: none yet."""
