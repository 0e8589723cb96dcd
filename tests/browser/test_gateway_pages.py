"""The gateway's pages as one story: try two models, make a key, call with it, see what it cost, and stop spending."""

import re

import openai
import pytest
from playwright.async_api import Page, expect

from local_stack.stack import LocalStack
from tests.member import Member

pytestmark = [pytest.mark.story, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]


async def test_a_person_tries_models_gives_a_program_a_key_and_sees_what_it_cost(
    stack: LocalStack, admin: Member, page: Page
) -> None:
    await page.goto(await stack.sign_in_link())
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Desk")).to_be_visible()
    await _compare_two_models(page)
    key, address = await _make_key(page)
    await _call(address, key)
    await _see_usage_of_key(page)
    await _forbid_spending(page)
    with pytest.raises(openai.APIStatusError) as refused:
        await _call(address, key)
    assert refused.value.status_code == 402
    await _revoke(page)
    with pytest.raises(openai.AuthenticationError):
        await _call(address, key)


async def _compare_two_models(page: Page) -> None:
    await page.get_by_role("link", name="Playground").click()
    await page.get_by_role("button", name="Compare two").click()
    await page.get_by_label("Model 1", exact=True).select_option("simulator/quill")
    await page.get_by_label("Model 2", exact=True).select_option("simulator/reed")
    await page.get_by_label("Message", exact=True).fill("What is a ferry for?")
    await page.keyboard.press("ControlOrMeta+Enter")
    for number in (1, 2):
        answer = page.get_by_role("region", name=f"Answer of model {number}")
        await expect(answer.get_by_role("status")).to_have_text("Finished", timeout=60_000)
        await expect(answer).to_contain_text("ferry")
        await expect(answer.get_by_text("Simulated model")).to_be_visible()


async def _make_key(page: Page) -> tuple[str, str]:
    await page.get_by_role("link", name="API keys").click()
    await page.get_by_role("button", name="Create API key").first.click()
    await page.get_by_label("Name", exact=True).fill("Ferry desk")
    await page.get_by_role("button", name="Create key").click()
    shown = page.get_by_role("dialog", name=re.compile("Ferry desk"))
    key = await shown.get_by_label("API key", exact=True).inner_text()
    address = re.search(r'base_url="([^"]+)"', await shown.locator("pre").inner_text())
    assert address is not None
    await shown.get_by_role("button", name="I have copied it").click()
    await expect(page.get_by_text(key)).to_have_count(0)
    return key, address.group(1)


async def _call(address: str, key: str) -> None:
    """Do what the page's own example does."""
    async with openai.AsyncOpenAI(base_url=address, api_key=key, max_retries=0) as client:
        await client.chat.completions.create(
            model="simulator/quill", messages=[{"role": "user", "content": "Name three uses for a paper clip."}]
        )


async def _see_usage_of_key(page: Page) -> None:
    await page.get_by_role("link", name="Usage of Ferry desk").click()
    table = page.get_by_role("table", name="Usage by API key")
    await expect(table.get_by_role("row", name=re.compile("Ferry desk"))).to_be_visible(timeout=20_000)


async def _forbid_spending(page: Page) -> None:
    await page.get_by_role("link", name="API keys").click()
    await page.get_by_role("link", name="Set a budget for Ferry desk").click()
    await page.get_by_label("US dollars").fill("0")
    await page.get_by_role("button", name="Add budget").last.click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_text("Further calls are refused.")).to_be_visible()


async def _revoke(page: Page) -> None:
    await page.get_by_role("link", name="API keys").click()
    await page.get_by_role("button", name="Revoke Ferry desk").click()
    await page.get_by_role("button", name="Revoke key").click()
    await expect(page.get_by_role("button", name="Revoke Ferry desk")).to_have_count(0)
