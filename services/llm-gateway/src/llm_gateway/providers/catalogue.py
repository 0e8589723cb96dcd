"""The models that are offered by name, and what is known of any. Other names are taken too where there is a key."""

import re
from functools import lru_cache

from llm_gateway.domain.connections import SIMULATOR, ModelDescription
from llm_gateway.providers.prices import find_context_tokens, find_rates
from shared.contracts.llm_gateway import Capability

# The first of each provider is its default: recent, general, and not its most expensive.
KNOWN_MODELS: dict[str, tuple[str, ...]] = {
    "openai": ("gpt-6.1-terra", "gpt-6.1-sol", "gpt-6-luna", "gpt-5.4-mini", "gpt-4.1", "text-embedding-3-small"),
    "anthropic": ("claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5", "claude-sonnet-4-6"),
    "xai": ("grok-4.7", "grok-4-1-fast-non-reasoning", "grok-4-fast-reasoning"),
    "groq": ("llama-3.3-70b-versatile", "openai/gpt-oss-120b", "qwen/qwen3-32b", "llama-3.1-8b-instant"),
    SIMULATOR: ("quill", "reed"),
}

# Reasoning models refuse a temperature with status 400 (openai: o-series and gpt-5 on; anthropic: after Claude 4).
_FIXED_TEMPERATURE = {
    "openai": re.compile(r"o\d|gpt-([5-9]|\d\d)"),
    "azure": re.compile(r"o\d|gpt-([5-9]|\d\d)"),
    "anthropic": re.compile(r"claude-(?!v1|2|3|(opus|sonnet|haiku)-4)"),
}
# Anthropic wants a limit in every request; asking an old model for more than it can write is refused.
_OLD_CLAUDE = re.compile(r"claude-(v1|2|3)")
_OLD_CLAUDE_LIMIT = 4_096
_CLAUDE_LIMIT = 32_000

_EMBEDDING = re.compile(r"text-embedding-")
_MOST_NAMES = 4_096
# What families of models can do beside writing text, from their makers' pages; the first pattern that fits counts.
_ABILITIES: dict[str, tuple[tuple[re.Pattern[str], tuple[Capability, ...]], ...]] = {
    "openai": (
        (re.compile(r"o\d|gpt-([5-9]|\d\d)"), ("tools", "images", "json_schema", "reasoning")),
        (re.compile(r"gpt-4(\.\d|o)"), ("tools", "images", "json_schema")),
    ),
    "anthropic": (
        (re.compile(r"claude-(v1|2)"), ()),
        (re.compile(r"claude-3-(?!7)"), ("tools", "images")),
        (re.compile(r"claude-(3-7|(opus|sonnet)-4-[01])"), ("tools", "images", "reasoning")),
        (re.compile(r"claude-"), ("tools", "images", "json_schema", "reasoning")),
    ),
    "xai": (
        (re.compile(r"grok-4\S*non-reasoning"), ("tools", "images", "json_schema")),
        (re.compile(r"grok-4"), ("tools", "images", "json_schema", "reasoning")),
    ),
    "groq": (
        (re.compile(r"openai/gpt-oss"), ("tools", "json_schema", "reasoning")),
        (re.compile(r"qwen/qwen3"), ("tools", "reasoning")),
        (re.compile(r"llama-3"), ("tools",)),
    ),
    SIMULATOR: (
        (re.compile("quill"), ("tools", "images", "json_schema", "embeddings")),
        (re.compile("reed"), ("tools", "images")),
    ),
}


@lru_cache(maxsize=_MOST_NAMES)
def describe(provider: str, name: str) -> ModelDescription:
    """Say what is known of a model from packages and its family's name."""
    return ModelDescription(
        rates=find_rates(provider, name),
        context_tokens=find_context_tokens(provider, name),
        capabilities=_capabilities(provider, name),
    )


def takes_temperature(provider: str, name: str) -> bool:
    """Whether the model accepts a temperature at all."""
    fixed = _FIXED_TEMPERATURE.get(provider)
    return fixed is None or fixed.match(name) is None


def claude_output_limit(name: str) -> int:
    """The longest answer that is asked of an Anthropic model when the caller sets no limit."""
    return _OLD_CLAUDE_LIMIT if _OLD_CLAUDE.match(name) else _CLAUDE_LIMIT


def _capabilities(provider: str, name: str) -> tuple[Capability, ...]:
    if _EMBEDDING.match(name):
        return ("embeddings",)
    families = _ABILITIES.get("openai" if provider == "azure" else provider, ())
    abilities = next((found for family, found in families if family.match(name)), None)
    if abilities is None:
        return ()
    return (*abilities, "temperature") if takes_temperature(provider, name) else abilities
