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
from tests.member import Member, member_at

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
HOUSE_STYLE = "Short sentences. Concrete nouns. No summary of what was just said."
OUTLINE = """# Role
You are a story editor. Follow @house-style.

# Task
From the premise below, outline {{ episode_count }} episodes{% if tone %} in a {{ tone }} tone{% endif %}.

<premise>
{{ premise }}
</premise>

End every episode on a question."""
REPORT = "Write the report of {{ quarter }} for people who own no shares. Follow @house-style."
NOTES = "Turn these commits into release notes for {{ audience }}:\n\n{{ commits }}"
INTERVIEW = "Ask eight questions that show whether somebody can do this work: {{ role }}."
PROMPTS = (
    ("Episode outline from premise", OUTLINE, "fiction"),
    ("Quarterly report, plain language", REPORT, "finance"),
    ("Release notes from commits", NOTES, "engineering"),
    ("Interview questions for a role", INTERVIEW, "people"),
)
VALUES = {"episode_count": "six", "tone": "wry", "premise": "A ferry leaves without its captain."}


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
                addresses = await _fill(member)
            await _walk(stack, addresses, folder)


async def _fill(member: Member) -> dict[str, str]:
    """Make what a team would have after an afternoon; return the pages to look at."""
    await member.post("/api/snippets", {"name": "house-style", "content": HOUSE_STYLE, "description": "How we write"})
    prompts = [await _prompt(member, *prompt) for prompt in PROMPTS]
    first = prompts[0]["id"]
    path = f"/api/prompts/{first}/versions"
    text = OUTLINE.replace("a question.", "a question that the next one answers.")
    await member.post(path, {"base_version": 1, "template": text, "message": "Let episodes answer each other"})
    await member.send("PUT", f"/api/prompts/{first}/labels/production", {"version": 1})
    documents = [
        await member.post("/api/documents", {"prompt_id": first, "values": VALUES | {"tone": tone}})
        for tone in ("wry", "sober")
    ]
    for document in documents:
        await member.document_at_rest(document["id"])
    return _pages(f"/{member.project}", first, documents[0]["id"])


async def _prompt(member: Member, title: str, template: str, tag: str) -> Any:
    return await member.post("/api/prompts", {"title": title, "template": template, "tags": [tag]})


def _pages(root: str, prompt_id: str, document_id: str) -> dict[str, str]:
    return {
        "desk": root,
        "prompts": f"{root}/prompts",
        "create": f"{root}/prompts?new=true",
        "prompt": f"{root}/prompts/{prompt_id}",
        "snippets": f"{root}/snippets?s=house-style",
        "documents": f"{root}/documents",
        "generate": f"{root}/documents?generate=true&prompt={prompt_id}",
        "document": f"{root}/documents/{document_id}",
    }


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
