"""The names in traces are those of the conventions, and each of them is there once."""

from shared import genai


def names() -> list[str]:
    return [value for name, value in vars(genai).items() if name.isupper() and isinstance(value, str) and "." in value]


def test_every_name_is_of_the_conventions_or_says_that_it_is_ours() -> None:
    assert [
        name for name in names() if name.partition(".")[0] not in {"gen_ai", "server", "error", "scriptorium"}
    ] == []
    assert len(set(names())) == len(names()) > 20


def test_no_name_is_for_text() -> None:
    assert [name for name in names() if "messages" in name or "instructions" in name or "prompt" in name] == []


def test_providers_are_called_as_the_conventions_call_them() -> None:
    called = [genai.provider_name(name) for name in ("openai", "anthropic", "xai", "groq", "compatible")]
    assert called == ["openai", "anthropic", "x_ai", "groq", "compatible"]
