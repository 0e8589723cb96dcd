"""Names that traces of model calls are written in, and the values that dashboards know.

Source: https://github.com/open-telemetry/semantic-conventions-genai, docs/gen-ai/client-inference.md. The conventions
are still in development: when a name changes there, it changes here and nowhere else. Names that begin with
`scriptorium.` are ours, for what the conventions leave out. There is none for prompts and completions: their text
stays out of traces.
"""

from typing import Final

OPERATION_NAME: Final = "gen_ai.operation.name"
PROVIDER_NAME: Final = "gen_ai.provider.name"

REQUEST_MODEL: Final = "gen_ai.request.model"
REQUEST_STREAM: Final = "gen_ai.request.stream"
REQUEST_MAX_TOKENS: Final = "gen_ai.request.max_tokens"
REQUEST_TEMPERATURE: Final = "gen_ai.request.temperature"

RESPONSE_ID: Final = "gen_ai.response.id"
RESPONSE_MODEL: Final = "gen_ai.response.model"
RESPONSE_FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
# Seconds from the request to the first bytes of the answer.
RESPONSE_TIME_TO_FIRST_CHUNK: Final = "gen_ai.response.time_to_first_chunk"

# Input includes what was read from the provider's cache, output includes reasoning.
USAGE_INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
USAGE_CACHE_READ_INPUT_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
USAGE_OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
USAGE_REASONING_OUTPUT_TOKENS: Final = "gen_ai.usage.reasoning.output_tokens"

SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"
ERROR_TYPE: Final = "error.type"

# Absent where the price is unknown, so that a sum over spans never mistakes it for free.
COST_USD: Final = "scriptorium.usage.cost_usd"
USAGE_ESTIMATED: Final = "scriptorium.usage.estimated"
SIMULATED: Final = "scriptorium.simulated"
GENERATION_ID: Final = "scriptorium.generation.id"
ATTEMPT_ID: Final = "scriptorium.attempt.id"
PROJECT_ID: Final = "scriptorium.project.id"
TASK: Final = "scriptorium.task"

CHAT: Final = "chat"
# The place of a finish reason that never came.
FINISH_ERROR: Final = "error"

_KNOWN_PROVIDERS: Final = {"xai": "x_ai"}


def provider_name(provider: str) -> str:
    """Name a provider of ours as the conventions do; one that they do not list keeps its own name."""
    return _KNOWN_PROVIDERS.get(provider, provider)
