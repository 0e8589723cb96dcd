"""The first story: sign in, write, optimise, save, generate, watch, reload in the middle, find it in the list."""

import re
from typing import Any

import asyncpg
import httpx2
import pytest
from playwright.async_api import Page, expect

from local_stack.stack import LocalStack
from shared.contracts.ids import encode_id
from tests.member import EMAIL, PASSWORD, Member, member_at

pytestmark = [pytest.mark.story, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

RAW = "write about {{ topic }} for people who repair {{ thing }}, and say what can go wrong"


async def test_a_person_writes_a_prompt_and_watches_a_document_over_a_reload(stack: LocalStack, page: Page) -> None:
    await _forget_ledger(stack)
    before = await _usage(stack)
    await _come_in(stack, page)
    await _write_prompt(page)
    await _generate(page, topic="door hinges", thing="old houses")
    shown = await _watch_over_a_reload(page)

    document = await _stored(stack, page)
    assert shown == document["content"]
    assert "door hinges" in document["content"]
    assert document["simulated"] is True
    await _find_in_list(page, document["title"])
    await _assert_ledger_equals_usage(stack, before)


async def _come_in(stack: LocalStack, page: Page) -> None:
    """Follow the link that make run prints: to the first account, or straight in."""
    link = await stack.sign_in_link()
    await page.goto(link)
    if "/setup" in link:
        await page.get_by_label("Your name").fill("Mara")
        await page.get_by_label("E-mail").fill(EMAIL)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Create the admin").click()
    else:
        await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("navigation").first).to_be_visible()
    await expect(page).to_have_url(re.compile(r"/mara($|[/?])"))


async def _write_prompt(page: Page) -> None:
    await page.get_by_role("link", name="Prompts", exact=True).first.click()
    await page.get_by_role("button", name="Create New Prompt").first.click()
    dialog = page.get_by_role("dialog", name="Create New Prompt")
    await dialog.get_by_label("Prompt", exact=True).click()
    # insert_text and not type: the editor would close each bracket by itself.
    await page.keyboard.insert_text(RAW)
    await expect(dialog.get_by_role("textbox", name="Title")).not_to_have_value("", timeout=15_000)
    await dialog.get_by_role("button", name="Optimize Prompt").click()
    await dialog.get_by_role("button", name="Keep all").click(timeout=30_000)
    await expect(dialog.get_by_label("Prompt", exact=True)).to_contain_text("# Role")
    await expect(dialog.get_by_label("Prompt", exact=True)).to_contain_text("{{ thing }}")
    await dialog.get_by_role("button", name="Save Prompt").click()
    await expect(page).to_have_url(re.compile(r"/prompts/pr_"))


async def _generate(page: Page, **values: str) -> None:
    await page.get_by_role("link", name="Generate Document").first.click()
    dialog = page.get_by_role("dialog", name="Generate Document")
    for name, value in values.items():
        await dialog.get_by_label(name).fill(value)
    await dialog.get_by_role("button", name="Generate", exact=True).click()
    await expect(page).to_have_url(re.compile(r"/documents/do_"))


async def _watch_over_a_reload(page: Page) -> str:
    """Reload once words are there; at the end return the text that the page copies."""
    text = page.get_by_role("region", name="Text", exact=True)
    await expect(text).to_contain_text(re.compile(r"\w{3}"), timeout=15_000)
    await expect(page.get_by_role("button", name="Stop")).to_be_visible()
    await page.reload()
    await expect(page.get_by_test_id("connection")).to_have_text("Live", timeout=10_000)
    await expect(page.get_by_role("button", name="Copy", exact=True)).to_be_visible(timeout=60_000)
    await expect(page.get_by_text("Simulated model").first).to_be_visible()
    await page.get_by_role("button", name="Copy", exact=True).click()
    copied: str = await page.evaluate("navigator.clipboard.readText()")
    return copied


async def _stored(stack: LocalStack, page: Page) -> dict[str, Any]:
    found = re.search(r"do_[0-9a-z]{26}", page.url)
    assert found is not None
    async with member_at(stack.web_url) as member:
        await member.sign_in()
        document: dict[str, Any] = await member.document_at_rest(found.group())
        return document


async def _find_in_list(page: Page, title: str) -> None:
    await page.get_by_role("link", name="Documents", exact=True).first.click()
    await expect(page.get_by_role("link", name=title).first).to_be_visible()


async def _forget_ledger(stack: LocalStack) -> None:
    async with httpx2.AsyncClient(base_url=stack.simulator_url, trust_env=False) as client:
        (await client.delete("/ledger")).raise_for_status()


async def _usage(stack: LocalStack) -> dict[str, tuple[int, int]]:
    connection = await asyncpg.connect(stack.servers.postgres_dsn("postgres", "scriptorium_llm_gateway"))
    try:
        rows = await connection.fetch("SELECT attempt_id, input_tokens, output_tokens FROM usage")
        return {encode_id("at", row["attempt_id"]): (row["input_tokens"], row["output_tokens"]) for row in rows}
    finally:
        await connection.close()


async def _assert_ledger_equals_usage(stack: LocalStack, before: dict[str, tuple[int, int]]) -> None:
    """Every call that the provider counted is one usage row with the same tokens, and there are no others."""
    async with httpx2.AsyncClient(base_url=stack.simulator_url, trust_env=False) as client:
        calls = (await client.get("/ledger")).json()["calls"]
    usage = {key: row for key, row in (await _usage(stack)).items() if key not in before}
    assert {call["client_request_id"]: (call["input_tokens"], call["output_tokens"]) for call in calls} == usage
    assert {call["task"] for call in calls} >= {"optimise_prompt", "title_prompt", "generate_document"}
    assert not any(call["traceparent"] for call in calls)


async def test_a_list_that_is_open_shows_what_another_person_adds(stack: LocalStack, admin: Member, page: Page) -> None:
    await _come_in(stack, page)
    await page.goto(f"{stack.web_url}/{admin.project}/prompts")
    await expect(page.get_by_role("button", name="Create New Prompt").first).to_be_visible()
    await admin.post("/api/prompts", {"title": "Added by somebody else", "template": "Say hello."})
    await expect(page.get_by_role("link", name="Added by somebody else").first).to_be_visible(timeout=20_000)
