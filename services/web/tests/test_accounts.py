import asyncio
from datetime import timedelta

import asyncpg
import pytest
from httpx2 import Response
from services.web.tests.conftest import CHEAP, PASSWORD, Browser, Site

from shared.contracts.ids import new_id
from shared.testing.fixtures import DatabaseFor
from web.domain import SIGN_IN_TRIES, Account, SignInRefused, TooManySignIns, hash_token
from web.operations.accounts import Accounts, Credentials
from web.operations.passwords import Passwords
from web.store import people

WRONG = "not the right password"


async def _sign_in(browser: Browser, email: str, password: str = PASSWORD) -> Response:
    return await browser.post("/api/session", {"email": email, "password": password})


def _problem(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"]


async def test_the_link_sets_the_first_admin_up_and_signs_them_in(site: Site) -> None:
    browser = site.stranger()
    assert (await browser.get("/api/session")).json() == {
        "set_up": False,
        "user": None,
        "projects": [],
        "capabilities": [],
    }
    answer = await site.set_up(browser)
    assert answer.status_code == 201
    session = (await browser.get("/api/session")).json()
    assert session == answer.json()
    assert session["user"]["email"] == "mara@example.org"
    assert [(p["slug"], p["role"], p["personal"]) for p in session["projects"]] == [("mara", "admin", True)]
    assert "keys.manage" in session["capabilities"]


async def test_setting_up_a_second_time_is_refused(site: Site) -> None:
    token = await site.link()
    assert (await site.set_up(site.stranger())).status_code == 201
    again = await site.set_up(site.stranger(), token, "other@example.org")
    assert _problem(again) == (409, "/problems/already-set-up")


async def test_of_many_who_set_up_at_once_one_succeeds(site: Site, superuser: asyncpg.Connection) -> None:
    tokens = [await site.link() for _ in range(5)]
    answers = await asyncio.gather(*(site.set_up(site.stranger(), token) for token in tokens))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert await superuser.fetchval("SELECT count(*) FROM users") == 1


async def test_setting_up_needs_a_link_of_ours(site: Site) -> None:
    answer = await site.set_up(site.stranger(), "made-up")
    assert _problem(answer) == (410, "/problems/sign-in-link-refused")
    assert "make sign-in-link" in answer.json()["detail"]
    assert not await site.edge.accounts.is_set_up()


@pytest.mark.parametrize("changes", [{"email": "nobody"}, {"password": "short"}, {"name": " "}, {"admin": True}])
async def test_setting_up_names_what_it_refuses(site: Site, changes: dict[str, object]) -> None:
    body = {"token": await site.link(), "email": "m@example.org", "name": "Mara", "password": PASSWORD}
    answer = await site.stranger().post("/api/setup", body | changes)
    assert answer.status_code == 422
    assert [error["name"] for error in answer.json()["errors"]] == list(changes)


async def test_a_link_signs_in_once(site: Site) -> None:
    await site.set_up(site.stranger())
    token, browser = await site.link(), site.stranger()
    assert (await browser.post("/api/session", {"token": token})).json()["user"]["email"] == "mara@example.org"
    again = await site.stranger().post("/api/session", {"token": token})
    assert _problem(again) == (410, "/problems/sign-in-link-refused")


async def test_of_many_who_use_a_link_at_once_one_gets_in(site: Site) -> None:
    await site.set_up(site.stranger())
    token = await site.link()
    answers = await asyncio.gather(*(site.stranger().post("/api/session", {"token": token}) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [410] * 7


async def test_a_link_ends_after_fifteen_minutes(site: Site, superuser: asyncpg.Connection) -> None:
    await site.set_up(site.stranger())
    token = await site.link()
    left = await superuser.fetchval(
        "SELECT expires_at - now() FROM sign_in_links WHERE token_hash = $1", hash_token(token)
    )
    assert timedelta(minutes=14) < left < timedelta(minutes=15)
    await superuser.execute("UPDATE sign_in_links SET expires_at = now() - interval '1 second'")
    assert (await site.stranger().post("/api/session", {"token": token})).status_code == 410


async def test_a_link_made_before_setting_up_does_not_sign_in(site: Site) -> None:
    token = await site.link()
    await site.set_up(site.stranger())
    assert (await site.stranger().post("/api/session", {"token": token})).status_code == 410


async def test_tokens_and_passwords_are_kept_as_hashes_only(site: Site, superuser: asyncpg.Connection) -> None:
    token, browser = await site.link(), site.stranger()
    await site.set_up(browser, token)
    session = browser.client.cookies["scriptorium"]
    rows = await superuser.fetch(
        """
        SELECT to_jsonb(u)::text AS row FROM users u UNION ALL SELECT to_jsonb(s)::text FROM sessions s
        UNION ALL SELECT to_jsonb(l)::text FROM sign_in_links l UNION ALL SELECT encode(payload, 'escape') FROM outbox
        """
    )
    kept = " ".join(row["row"] for row in rows)
    assert "$argon2id$" in kept
    for secret in (PASSWORD, token, session, token.encode().hex(), session.encode().hex()):
        assert secret not in kept


async def test_the_right_password_signs_in_whatever_the_case_of_the_email(site: Site) -> None:
    await site.set_up(site.stranger())
    answer = await _sign_in(site.stranger(), " MARA@Example.org ")
    assert (answer.status_code, answer.json()["user"]["name"]) == (200, "Mara")


async def test_an_unknown_email_and_a_wrong_password_get_the_same_answer(site: Site) -> None:
    await site.set_up(site.stranger())
    wrong = await _sign_in(site.stranger(), "mara@example.org", WRONG)
    unknown = await _sign_in(site.stranger(), "nobody@example.org", WRONG)
    assert _problem(wrong) == (401, "/problems/sign-in-refused")
    assert wrong.json() | {"request_id": ""} == unknown.json() | {"request_id": ""}
    assert "set-cookie" not in wrong.headers


@pytest.mark.parametrize("body", [{}, {"email": "mara@example.org"}, {"password": PASSWORD}, {"token": ""}])
async def test_signing_in_with_half_of_what_is_needed_is_refused(site: Site, body: dict[str, str]) -> None:
    assert _problem(await site.stranger().post("/api/session", body)) == (401, "/problems/sign-in-refused")


async def test_the_eleventh_try_waits_even_with_the_right_password(site: Site) -> None:
    await site.set_up(site.stranger())
    browser = site.stranger()
    for _ in range(SIGN_IN_TRIES):
        assert (await _sign_in(browser, "mara@example.org", WRONG)).status_code == 401
    refused = await _sign_in(browser, "Mara@example.org")
    assert _problem(refused) == (429, "/problems/too-many-sign-ins")
    assert 0 < int(refused.headers["retry-after"]) <= 300
    assert (await _sign_in(browser, "other@example.org", WRONG)).status_code == 401


async def test_a_right_password_and_the_end_of_the_window_forget_the_tries(
    site: Site, superuser: asyncpg.Connection
) -> None:
    await site.set_up(site.stranger())
    browser = site.stranger()
    for _ in range(SIGN_IN_TRIES - 1):
        await _sign_in(browser, "mara@example.org", WRONG)
    assert (await _sign_in(browser, "mara@example.org")).status_code == 200
    for _ in range(SIGN_IN_TRIES):
        await _sign_in(browser, "mara@example.org", WRONG)
    await superuser.execute("UPDATE sign_in_attempts SET window_ends_at = now() - interval '1 second'")
    assert (await _sign_in(browser, "mara@example.org")).status_code == 200


class _CountingPasswords(Passwords):
    """Counts what was compared."""

    compared = 0

    async def verify(self, password: str, kept: str | None) -> bool:
        self.compared += 1
        return await super().verify(password, kept)


async def test_of_forty_guesses_at_once_ten_are_looked_at(database_for: DatabaseFor) -> None:
    database, passwords = await database_for("web"), _CountingPasswords(CHEAP)
    accounts = Accounts(database, passwords, session_days=30)
    async with database.transaction(()) as conn:
        user = Account(new_id(), "mara@example.org", "Mara", await passwords.hash(PASSWORD))
        await people.insert_user(conn, user)
    guess = Credentials("mara@example.org", WRONG, "203.0.113.7")
    outcomes = await asyncio.gather(*(accounts.sign_in(guess) for _ in range(40)), return_exceptions=True)
    assert passwords.compared == SIGN_IN_TRIES
    assert sum(isinstance(outcome, SignInRefused) for outcome in outcomes) == SIGN_IN_TRIES
    assert sum(isinstance(outcome, TooManySignIns) for outcome in outcomes) == 40 - SIGN_IN_TRIES
    elsewhere = Credentials("mara@example.org", PASSWORD, "198.51.100.1")
    assert await accounts.sign_in(elsewhere)


async def test_signing_in_gives_a_new_session_and_ends_the_one_that_the_browser_came_with(site: Site) -> None:
    browser = site.stranger()
    await site.set_up(browser)
    earlier = browser.client.cookies["scriptorium"]
    assert (await _sign_in(browser, "mara@example.org")).status_code == 200
    assert browser.client.cookies["scriptorium"] != earlier
    left_over = site.client(earlier)
    assert (await left_over.get("/api/prompts")).status_code == 401


async def test_signing_out_ends_the_session_here_at_once(site: Site) -> None:
    browser = await site.person()
    session = browser.client.cookies["scriptorium"]
    assert (await browser.get("/api/session")).json()["user"]
    answer = await browser.send("DELETE", "/api/session")
    assert answer.status_code == 200
    assert 'scriptorium=""' in answer.headers["set-cookie"]
    assert (await site.client(session).get("/api/session")).json()["user"] is None
    assert (await browser.send("DELETE", "/api/session")).status_code == 200


async def test_a_session_that_ended_elsewhere_is_gone_when_it_is_read_anew(
    site: Site, superuser: asyncpg.Connection
) -> None:
    browser = await site.person()
    assert (await browser.get("/api/session")).json()["user"]
    await superuser.execute("DELETE FROM sessions")
    site.edge.accounts.forget_visitors()
    assert (await browser.get("/api/session")).json()["user"] is None


async def test_a_session_ends_when_it_was_left_for_thirty_days(site: Site, superuser: asyncpg.Connection) -> None:
    browser = await site.person()
    await superuser.execute("UPDATE sessions SET last_seen_at = now() - interval '29 days'")
    assert (await browser.get("/api/session")).json()["user"]
    assert await superuser.fetchval("SELECT now() - last_seen_at < interval '1 minute' FROM sessions")
    await superuser.execute("UPDATE sessions SET last_seen_at = now() - interval '31 days'")
    site.edge.accounts.forget_visitors()
    assert (await browser.get("/api/session")).json()["user"] is None


async def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(site: Site) -> None:
    answer = await site.set_up(site.stranger())
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie


async def test_a_personal_project_steps_aside_for_a_slug_that_is_taken(
    site: Site, superuser: asyncpg.Connection
) -> None:
    await superuser.execute(
        "INSERT INTO projects (project_id, slug, name, personal) VALUES (gen_random_uuid(), 'mara', 'Taken', false)"
    )
    answer = await site.set_up(site.stranger())
    assert answer.json()["projects"][0]["slug"] == "mara-2"


async def test_a_session_that_names_a_project_it_cannot_reach_is_shown_without_capabilities(site: Site) -> None:
    browser = await site.person()
    for project in ("no-such-project", "pj_00000000007000400000000001", "pj_", "x" * 3000):
        session = (await browser.get("/api/session", {"Scriptorium-Project": project})).json()
        assert session["capabilities"] == []
        assert session["user"]
        assert len(session["projects"]) == 1


@pytest.mark.parametrize("cookie", ["", "x", "x" * 4000, "%00"])
async def test_a_cookie_that_is_no_session_is_nobody(site: Site, cookie: str) -> None:
    client = site.client(cookie)
    assert (await client.get("/api/session")).json()["user"] is None
    assert (await client.get("/api/prompts")).status_code == 401
