"""Every page in both themes without an axe violation, and the story's first steps by keyboard alone."""

import re
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from local_stack.stack import LocalStack
from tests.browser.filled import fill
from tests.member import EMAIL, PASSWORD, Member

pytestmark = [pytest.mark.story, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

# The page scrolls in `main`, which would hide what is too wide from the window.
TOO_WIDE = "[document.documentElement, document.querySelector('main')].some((e) => e.scrollWidth > e.clientWidth)"
AXE = Path(__file__).parents[2] / "services/web/frontend/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async (tags) => {
    const { violations } = await axe.run(document, { runOnly: tags })
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`)
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def addresses(admin: Member) -> dict[str, str]:
    return await fill(admin)


async def _sign_in(stack: LocalStack, page: Page) -> None:
    await page.goto(await stack.sign_in_link())
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Desk")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_breaks_a_rule_of_accessibility(
    stack: LocalStack, addresses: dict[str, str], page: Page, scheme: Any
) -> None:
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    await _sign_in(stack, page)
    broken: dict[str, list[str]] = {}
    for name, address in {**addresses, "sign in": "/login"}.items():
        await page.goto(stack.web_url + address)
        await expect(page.get_by_role("heading").first).to_be_visible()
        await page.wait_for_timeout(800)
        await page.evaluate(AXE.read_text(encoding="utf-8"))
        found = await page.evaluate(RUN, TAGS)
        if found:
            broken[name] = found
    assert broken == {}


@pytest.mark.parametrize("width", [390, 820, 1280])
async def test_no_page_is_wider_than_its_window(
    stack: LocalStack, addresses: dict[str, str], page: Page, width: int
) -> None:
    await page.set_viewport_size({"width": width, "height": 844})
    await _sign_in(stack, page)
    wide = []
    for name, address in addresses.items():
        await page.goto(stack.web_url + address)
        await expect(page.get_by_role("heading").first).to_be_visible()
        if await page.evaluate(TOO_WIDE):
            wide.append(name)
    assert wide == []


async def test_the_palette_leads_anywhere_by_keyboard_alone(
    stack: LocalStack, addresses: dict[str, str], page: Page
) -> None:
    await _sign_in(stack, page)
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("combobox", name="Find or do")).to_be_focused()
    await page.keyboard.type("Episode outline")
    found = page.get_by_role("option", name=re.compile("Episode outline from premise"))
    await expect(found.first).to_be_visible()
    await expect(found.first).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(re.escape(addresses["prompt"])))
    await page.keyboard.press("Escape")
    await page.keyboard.press("g")
    await page.keyboard.press("d")
    await expect(page).to_have_url(re.compile(r"/mara/?$"))


async def test_a_deep_link_without_a_session_comes_back_after_signing_in(
    stack: LocalStack, admin: Member, page: Page
) -> None:
    await page.goto(f"{stack.web_url}/{admin.project}/documents")
    await page.get_by_label("E-mail").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page).to_have_url(re.compile(f"/{admin.project}/documents"))
    await expect(page.get_by_role("heading", name="Documents")).to_be_visible()
