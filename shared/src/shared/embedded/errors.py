"""The one way in which embedded servers fail."""


class EmbeddedServerError(Exception):
    """A server cannot run here. The message is one sentence for a person, with a way out."""
