"""One Liquid environment with an allow-list of tags and filters, strict names and limits."""

from collections.abc import Mapping

from liquid import Environment, RenderContext
from liquid.exceptions import LiquidError, TemplateNotFoundError
from liquid.loader import BaseLoader, TemplateSource
from liquid.template import BoundTemplate
from liquid.token import Token
from liquid.undefined import StrictDefaultUndefined

from prompts.domain.composition import full_address
from prompts.domain.mentions import MAX_EXPANDED_CHARACTERS
from prompts.templating.filters import ALLOWED_FILTERS, MAX_ITEMS, size_checked

# The first three are Liquid's own names for text, outputs and what it cannot read.
ALLOWED_TAGS = frozenset(
    {"content", "output", "illegal", "if", "unless", "case", "for", "break", "continue", "assign", "capture"}
    | {"comment", "#", "cycle", "render"}
)


class SourcesLoader(BaseLoader):
    """Gives the prompts that a template renders, from texts that were resolved before; parses each once."""

    def __init__(self, sources: Mapping[str, str], *, is_lenient: bool) -> None:
        """Take texts by address. A lenient loader gives an empty text for a missing one, so that analysis goes on."""
        self.sources = sources
        self._is_lenient = is_lenient
        self._parsed: dict[str, BoundTemplate] = {}

    def get_source(
        self,
        env: Environment,  # noqa: ARG002  the signature is python-liquid's
        template_name: str,
        *,
        context: RenderContext | None = None,  # noqa: ARG002  the same
        **_options: object,
    ) -> TemplateSource:
        """Find the text of an address."""
        address = full_address(template_name)
        if address not in self.sources and not self._is_lenient:
            message = f"there is no prompt “{address}”"
            raise TemplateNotFoundError(message)
        return TemplateSource(self.sources.get(address, ""), address, None)

    def load(
        self,
        env: Environment,
        name: str,
        *,
        globals: Mapping[str, object] | None = None,  # noqa: A002  the same
        context: RenderContext | None = None,
        **options: object,
    ) -> BoundTemplate:
        """Parse the text of an address, once for each task: python-liquid would do it for each time it is rendered."""
        if name not in self._parsed:
            self._parsed[name] = super().load(env, name, globals=globals, context=context, **options)
        return self._parsed[name]


class PromptEnvironment(Environment):
    """Liquid as prompts may use it."""

    context_depth_limit = 30
    block_nesting_limit = 30
    loop_iteration_limit = MAX_ITEMS
    local_namespace_limit = 1_048_576
    output_stream_limit = MAX_EXPANDED_CHARACTERS

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        """Register python-liquid's own and keep what is allowed."""
        super().setup_tags_and_filters(extra=extra)
        self.tags = {name: tag for name, tag in self.tags.items() if name in ALLOWED_TAGS}
        self.filters = {
            name: size_checked(name, filter_) for name, filter_ in self.filters.items() if name in ALLOWED_FILTERS
        }

    def error(self, exc: type[LiquidError] | LiquidError, msg: str | None = None, token: Token | None = None) -> None:
        """Raise the error at the place where parsing stood, where the error itself only knows that a mark ended."""
        if isinstance(exc, LiquidError) and exc.token is not None and exc.token.start_index < 0:
            exc.token = token
        super().error(exc, msg, token)


def make_environment() -> PromptEnvironment:
    """Make the environment. One a process: python-liquid keeps parsers of 128 environments alive otherwise."""
    return PromptEnvironment(undefined=StrictDefaultUndefined)
