"""`python -m tests.browser.tour [FOLDER]`: screenshots of a filled house, light, dark and narrow.

Writes docs/images/prompts-light.png for the README; with a folder, every page in three forms, for people to look at.
"""

import asyncio
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from local_stack.stack import LocalStack
from shared.testing.chromium import find_chromium
from tests.browser.filled import fill
from tests.member import member_at

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@dataclass(frozen=True)
class Form:
    """One way to look at a page."""

    name: str
    viewport: Any
    scheme: Any


FORMS = (Form("light", WIDE, "light"), Form("dark", WIDE, "dark"), Form("narrow", NARROW, "light"))


async def main() -> None:
    """Fill a fresh house and walk through it."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory(prefix="scriptorium-tour-") as data:
        async with LocalStack(Path(data), service_settings={"LOG_LEVEL": "warning"}) as stack:
            async with member_at(stack.web_url) as member:
                await member.set_up(await stack.sign_in_link())
                addresses = await fill(member)
            await _walk(stack, addresses, folder)


async def _walk(stack: LocalStack, addresses: dict[str, str], folder: Path | None) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        for form in FORMS:
            page = await _signed_in(browser, stack, form)
            for name, address in addresses.items():
                await page.goto(stack.web_url + address)
                await page.wait_for_load_state("load")
                await page.wait_for_timeout(1200)
                await _keep(page, name, form.name, folder)
        await browser.close()


async def _signed_in(browser: Browser, stack: LocalStack, form: Form) -> Page:
    page = await browser.new_page(viewport=form.viewport, color_scheme=form.scheme)
    await page.goto(await stack.sign_in_link())
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("navigation").first.wait_for()
    return page


async def _keep(page: Page, name: str, form: str, folder: Path | None) -> None:
    if folder is not None:
        await page.screenshot(path=folder / f"{name}-{form}.png")
    elif (name, form) in {("prompts", "light"), ("document", "dark")}:
        await page.screenshot(path=IMAGES / f"{name}-{form}.png")


if __name__ == "__main__":
    asyncio.run(main())
