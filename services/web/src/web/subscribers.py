"""NATS: what web answers to the other services."""

from functools import partial

from shared.bus import Bus
from shared.call import Call
from shared.contracts.web import GetMembership, IntrospectKey, Membership
from web.operations.accounts import Accounts
from web.operations.keys import Keys


def subscribe(bus: Bus, accounts: Accounts, keys: Keys) -> None:
    """Answer requests once the house runs."""
    bus.answer(IntrospectKey, keys.introspect)
    bus.answer(GetMembership, partial(get_membership, accounts))


async def get_membership(accounts: Accounts, call: Call, request: GetMembership) -> Membership:
    """Say which role a person has in the caller's project now."""
    role = await accounts.role_in(call.project_id, request.user_id)
    return Membership.model_validate({"role": role})
