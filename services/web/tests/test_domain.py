from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from shared import policy
from shared.call import SERVICE_ROLE, Identity
from shared.contracts.ids import encode_id, new_id
from shared.problems import Invalid, NotFound
from web.domain import (
    KEY_SCOPES,
    RESERVED_SLUGS,
    Account,
    KeyRefused,
    Membership,
    NewApiKey,
    User,
    Visitor,
    age_seconds,
    new_token,
    numbered,
    read_api_key,
    sign_in_subject,
    slug_of,
    write_api_key,
)

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def _membership(slug: str, role: Literal["viewer", "admin"] = "viewer") -> Membership:
    return Membership(new_id(), slug, slug.title(), personal=False, role=role)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Mara", "mara"),
        ("  José Ångström! ", "jose-angstrom"),
        ("日本", "project"),
        ("Login", "login-1"),
        ("a" * 99, "a" * 40),
    ],
)
def test_a_slug_is_made_of_plain_letters_and_hides_no_address_of_the_app(name: str, slug: str) -> None:
    assert slug_of(name) == slug
    assert slug not in RESERVED_SLUGS


def test_the_second_holder_of_a_slug_gets_a_number() -> None:
    assert [numbered("mara", number) for number in (1, 2, 3)] == ["mara", "mara-2", "mara-3"]


def test_a_key_is_read_as_it_was_written() -> None:
    key_id, secret = new_id(), new_token()
    assert read_api_key(write_api_key(key_id, secret)) == (key_id, secret)


def test_a_key_with_any_character_changed_is_refused_by_its_checksum() -> None:
    text = write_api_key(new_id(), "s" * 43)
    for place in range(3, len(text)):
        changed = text[:place] + ("a" if text[place] != "a" else "b") + text[place + 1 :]
        with pytest.raises(KeyRefused):
            read_api_key(changed)


def test_a_visitor_is_in_the_project_that_is_named_and_in_no_other() -> None:
    first, second = _membership("first"), _membership("second", "admin")
    visitor = Visitor(User(new_id(), "m@example.org", "Mara"), (first, second))
    assert visitor.identity_in("second") == Identity(visitor.user.id, second.project_id, "admin")
    assert visitor.identity_in(encode_id("pj", first.project_id)).project_id == first.project_id
    assert visitor.identity_in(None).project_id == first.project_id
    assert visitor.is_member_of(second.project_id)
    assert not visitor.is_member_of(new_id())
    for foreign in ("third", encode_id("pj", new_id()), "Second"):
        assert not visitor.knows(foreign)


def test_a_visitor_without_a_project_is_in_none() -> None:
    with pytest.raises(NotFound):
        Visitor(User(new_id(), "m@example.org", "Mara"), ()).identity_in(None)


def test_keys_may_do_what_members_do_and_nothing_about_keys_people_or_services() -> None:
    assert {"prompts.read", "documents.generate", "generations.start"} <= KEY_SCOPES
    assert not {"open", "keys.manage", "projects.manage"} & KEY_SCOPES
    assert not [scope for scope in KEY_SCOPES if policy.ACTIONS[scope] == SERVICE_ROLE]


@pytest.mark.parametrize(
    ("role", "scope", "is_refused"),
    [("viewer", "prompts.read", False), ("viewer", "prompts.write", True), ("admin", "prompts.write", False)],
)
def test_nobody_gives_a_key_more_than_they_have(role: str, scope: str, *, is_refused: bool) -> None:
    command, maker = NewApiKey(name="CI", scopes=[scope]), Identity(new_id(), new_id(), role)
    if is_refused:
        with pytest.raises(Invalid, match=r"prompts\.write"):
            command.check(maker, NOW)
    else:
        command.check(maker, NOW)


def test_everything_that_is_wrong_with_a_key_is_said_at_once() -> None:
    command = NewApiKey(name="CI", scopes=["a", "b", "prompts.read"], expires_at=NOW - timedelta(seconds=1))
    with pytest.raises(Invalid) as refused:
        command.check(Identity(new_id(), new_id(), "admin"), NOW)
    errors = refused.value.extensions["errors"]
    assert isinstance(errors, list)
    assert [error["name"] for error in errors if isinstance(error, dict)] == ["scopes", "scopes", "expires_at"]


def test_an_id_knows_when_it_was_made() -> None:
    now = datetime.now(UTC).timestamp()
    assert abs(age_seconds(new_id(), now)) < 1
    assert 9 < age_seconds(new_id(), now + 10) < 11


def test_tries_are_counted_for_an_account_and_an_address_together() -> None:
    ours = sign_in_subject("Mara@example.org", "203.0.113.7")
    assert ours == sign_in_subject("mara@EXAMPLE.org", "203.0.113.7")
    assert ours != sign_in_subject("mara@example.org", "203.0.113.8")
    assert ours != sign_in_subject("nora@example.org", "203.0.113.7")


def test_a_password_hash_is_not_part_of_what_is_printed() -> None:
    assert "secret-hash" not in repr(Account(new_id(), "m@example.org", "Mara", "secret-hash"))
