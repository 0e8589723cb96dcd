"""One async function a use case, and the two long-lived parts that pass live text and facts to open pages."""
