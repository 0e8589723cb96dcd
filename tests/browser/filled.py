"""A house as it looks after an afternoon of work, for screenshots and for looking at every page."""

from typing import Any

from tests.member import Member

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
QUESTION = {"role": "user", "content": "Name three uses for a paper clip."}
VALUES = {"episode_count": "six", "tone": "wry", "premise": "A ferry leaves without its captain."}


async def fill(member: Member) -> dict[str, str]:
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
    key_id = await _set_up_gateway(member)
    return _pages(f"/{member.project}", first, documents[0]["id"], key_id)


async def _set_up_gateway(member: Member) -> str:
    """Give the project an alias, a model of its own, money, a limit, a key and an answer; return the key's id."""
    key = await member.post("/api/keys", {"name": "Checkout service", "scopes": ["models.call", "models.read"]})
    await member.post("/api/aliases", {"name": "writer", "targets": ["simulator/reed", "simulator/quill"]})
    await member.post(
        "/api/custom-models",
        {"model": "simulator/quill", "context_tokens": 200_000, "capabilities": ["tools", "json_schema"]},
    )
    await member.post("/api/budgets", {"scope": "project", "period": "month", "limit_usd": "20"})
    await member.post("/api/budgets", {"scope": "key", "scope_id": key["id"], "period": "day", "limit_usd": "0.05"})
    await member.post("/api/limits", {"scope": "project", "requests_per_minute": 600, "parallel": 50})
    await member.post("/api/playground", {"request": {"model": "writer", "messages": [QUESTION]}})
    return str(key["id"])


async def _prompt(member: Member, title: str, template: str, tag: str) -> Any:
    return await member.post("/api/prompts", {"title": title, "template": template, "tags": [tag]})


def _pages(root: str, prompt_id: str, document_id: str, key_id: str) -> dict[str, str]:
    return {
        "desk": root,
        "prompts": f"{root}/prompts",
        "create": f"{root}/prompts?new=true",
        "prompt": f"{root}/prompts/{prompt_id}",
        "snippets": f"{root}/snippets?s=house-style",
        "documents": f"{root}/documents",
        "generate": f"{root}/documents?generate=true&prompt={prompt_id}",
        "document": f"{root}/documents/{document_id}",
        "usage": f"{root}/usage",
        "usage-by-task": f"{root}/usage?by=task&measure=tokens&period=week",
        "playground": f"{root}/playground?model=writer",
        "models": f"{root}/settings/models",
        "budgets": f"{root}/settings/budgets",
        "new-budget": f"{root}/settings/budgets?budget={key_id}",
        "keys": f"{root}/keys",
    }
