"""The system prompts, which are text files beside this package, and how a user's prompt stands under them."""

from importlib.resources import files

from shared.contracts.llm_gateway import ChatMessage, GenerationRequest

_FOLDER = files("prompts") / "system_prompts"
OPTIMISE_PROMPT = (_FOLDER / "optimise_prompt.txt").read_text(encoding="utf-8")
TITLE_PROMPT = (_FOLDER / "title_prompt.txt").read_text(encoding="utf-8")


def generation_request(system: str, template: str, model: str | None) -> GenerationRequest:
    """Ask a model about a template. It is untrusted text: only ever inside a marked part of the user's message."""
    messages = [
        ChatMessage(role="system", content=system),
        ChatMessage(role="user", content=f"<prompt>\n{template}\n</prompt>"),
    ]
    return GenerationRequest(model=model, messages=messages)
