import time
from uuid import uuid4

import jwt
import pytest

from shared import policy, tokens
from shared.call import SERVICE_ROLE, Identity
from shared.problems import Forbidden, Unauthenticated
from shared.testing.keys import signer_for, signing_keys, verifier_for


def _member(role: str | None = "viewer") -> Identity:
    return Identity(uuid4(), uuid4(), role, frozenset({"prompts.read"}))


def test_a_token_brings_issuer_subject_project_role_and_scopes() -> None:
    identity = _member()
    assert verifier_for("prompts").verify(signer_for("web").token(identity, "prompts")) == ("web", identity)


def test_a_token_for_another_service_is_refused() -> None:
    with pytest.raises(Unauthenticated):
        verifier_for("documents").verify(signer_for("web").token(_member(), "prompts"))


def test_a_token_past_its_time_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "LIFETIME_SECONDS", -1)
    with pytest.raises(Unauthenticated):
        verifier_for("prompts").verify(signer_for("web").token(_member(), "prompts"))


def test_a_token_signed_with_another_services_key_is_refused() -> None:
    forged = tokens.TokenSigner("web", signing_keys()["documents"]).token(_member(), "prompts")
    with pytest.raises(Unauthenticated):
        verifier_for("prompts").verify(forged)


@pytest.mark.parametrize("mutation", ["none", "other algorithm", "flipped", "no subject", "empty", "not a token"])
def test_a_mutated_token_is_refused(mutation: str) -> None:
    good = signer_for("web").token(_member(), "prompts")
    claims = {"iss": "web", "aud": "prompts", "sub": str(uuid4()), "exp": time.time() + 10}
    bad = {
        "none": jwt.encode(claims, "", algorithm="none"),
        "other algorithm": jwt.encode(claims, "x" * 32, algorithm="HS256"),
        "flipped": good[:-4] + ("AAAA" if not good.endswith("AAAA") else "BBBB"),
        "no subject": good.split(".")[0] + "." + "e30" + "." + good.split(".")[2],
        "empty": "",
        "not a token": "a.b.c",
    }[mutation]
    with pytest.raises(Unauthenticated):
        verifier_for("prompts").verify(bad)


@pytest.mark.parametrize(
    ("role", "action", "allowed"),
    [
        ("viewer", "prompts.read", True),
        ("viewer", "prompts.write", False),
        ("viewer", "documents.generate", False),
        ("context_engineer", "documents.generate", True),
        ("context_engineer", "keys.manage", False),
        ("admin", "keys.manage", True),
        ("admin", "keys.introspect", False),
        (SERVICE_ROLE, "keys.introspect", True),
        ("owner of everything", "prompts.read", False),
    ],
)
def test_the_policy_table_decides_by_role(role: str, action: str, allowed: bool) -> None:  # noqa: FBT001  a column of the table
    assert policy.is_allowed(Identity(uuid4(), uuid4(), role), action) is allowed


def test_a_key_may_do_what_its_scopes_name_and_nothing_else() -> None:
    key = Identity(uuid4(), uuid4(), None, frozenset({"prompts.read"}))
    policy.allow(key, "prompts.read")
    with pytest.raises(Forbidden):
        policy.allow(key, "prompts.write")


def test_an_action_outside_the_table_fails_where_it_is_declared() -> None:
    with pytest.raises(KeyError):
        policy.known_action("prompts.reed")
