"""The models that are offered by name. Any other `provider/name` is taken too where the provider has a key."""

import re

# The first of each provider is its default: recent, general, and not its most expensive.
KNOWN_MODELS: dict[str, tuple[str, ...]] = {
    "openai": ("gpt-6.1-terra", "gpt-6.1-sol", "gpt-6-luna", "gpt-5.4-mini", "gpt-4.1"),
    "anthropic": ("claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5", "claude-sonnet-4-6"),
    "xai": ("grok-4.7", "grok-4-1-fast-non-reasoning", "grok-4-fast-reasoning"),
    "groq": ("llama-3.3-70b-versatile", "openai/gpt-oss-120b", "qwen/qwen3-32b", "llama-3.1-8b-instant"),
}
SIMULATED_MODELS = ("quill", "reed")
SIMULATED_CONTEXT_TOKENS = 200_000

# Reasoning models refuse a temperature with status 400 (openai: o-series and gpt-5 on; anthropic: after Claude 4).
_FIXED_TEMPERATURE = {
    "openai": re.compile(r"o\d|gpt-([5-9]|\d\d)"),
    "anthropic": re.compile(r"claude-(?!v1|2|3|(opus|sonnet|haiku)-4)"),
}
# Anthropic wants a limit in every request; asking an old model for more than it can write is refused.
_OLD_CLAUDE = re.compile(r"claude-(v1|2|3)")
_OLD_CLAUDE_LIMIT = 4_096
_CLAUDE_LIMIT = 32_000


def takes_temperature(provider: str, name: str) -> bool:
    """Whether the model accepts a temperature at all."""
    fixed = _FIXED_TEMPERATURE.get(provider)
    return fixed is None or fixed.match(name) is None


def claude_output_limit(name: str) -> int:
    """The longest answer that is asked of an Anthropic model when the caller sets no limit."""
    return _OLD_CLAUDE_LIMIT if _OLD_CLAUDE.match(name) else _CLAUDE_LIMIT
