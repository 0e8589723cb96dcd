"""One table: which action needs which role or scope. A route or subject whose action is not here fails at import."""

from typing import Final

from shared.call import SERVICE_ROLE, Identity
from shared.problems import Forbidden

ROLES: Final = ("viewer", "context_engineer", "admin")

ACTIONS: Final[dict[str, str]] = {
    # Signing in and saying who is here: whoever comes may ask, the route answers no more than that.
    "open": "viewer",
    "prompts.read": "viewer",
    "prompts.write": "context_engineer",
    "prompts.generate": "context_engineer",
    "documents.read": "viewer",
    "documents.write": "context_engineer",
    "documents.generate": "context_engineer",
    "generations.read": "viewer",
    "generations.start": "context_engineer",
    "generations.cancel": "context_engineer",
    "models.read": "viewer",
    "models.call": "context_engineer",
    "connections.manage": "admin",
    "usage.read": "viewer",
    "budgets.manage": "admin",
    "keys.manage": "admin",
    "keys.introspect": SERVICE_ROLE,
    "members.check": SERVICE_ROLE,
    "projects.manage": "admin",
}


def known_action(action: str) -> str:
    """Return `action`, or raise KeyError at import where the table does not name it."""
    ACTIONS[action]
    return action


def allowed_actions(identity: Identity) -> list[str]:
    """List what this identity may do, for showing; the receiver of each call decides again."""
    return [action for action in ACTIONS if is_allowed(identity, action)]


def is_allowed(identity: Identity, action: str) -> bool:
    """Say whether a member's role reaches the action, a key's scope names it, or a service acts by itself."""
    if identity.role == SERVICE_ROLE:
        return True
    minimum = ACTIONS[action]
    if minimum == SERVICE_ROLE:
        return False
    if identity.role is None:
        return action in identity.scopes
    return identity.role in ROLES and ROLES.index(identity.role) >= ROLES.index(minimum)


def allow(identity: Identity, action: str) -> None:
    """Pass, or raise Forbidden with the role that is needed."""
    if not is_allowed(identity, action):
        needed = ACTIONS[action].replace("_", " ")
        message = f"This needs the role {needed} in the project. Ask one of its admins."
        raise Forbidden(message, action=action)
