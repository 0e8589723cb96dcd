"""The graph of a template: which snippets and prompts it takes in, fetched level by level, then expanded.

Each level costs two queries at most, whatever its width. Nothing is rendered here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from prompts.domain.composition import MAX_DEPTH, MAX_NODES, find_includes, full_address
from prompts.domain.mentions import Expansion, Mention, Place, expand, find_mentions, find_places
from prompts.domain.problems import TemplateCycle, TemplateTooHeavy
from prompts.store.references import find_prompt_texts, find_snippet_texts
from prompts.store.rows import PromptText, SnippetText
from shared.contracts.prompts import Parameter, SnippetUse, UsedPrompt, UsedSnippet
from shared.postgres import Connection

# What is fetched for one template is scanned on the event loop: 1 MB takes about 10 ms.
MAX_GRAPH_CHARACTERS = 1_048_576


@dataclass(frozen=True)
class ResolvedTemplate:
    """A template with everything that it takes in, at any depth."""

    source: str
    expansion: Expansion
    sources: dict[str, str]
    mentions: list[Mention]
    includes: list[str]
    snippets: list[SnippetText]
    prompts: list[PromptText]
    missing: list[str]

    @property
    def known(self) -> list[Parameter]:
        """The parameters that included prompts declare."""
        return [parameter for prompt in self.prompts for parameter in prompt.parameters]

    @property
    def uses(self) -> list[SnippetUse]:
        """The snippets that the template itself mentions."""
        absent = set(self.missing)
        return [SnippetUse(name=m.name, version=m.version or None, found=str(m) not in absent) for m in self.mentions]

    @property
    def places(self) -> list[Place]:
        """Where the template itself mentions snippets."""
        return [place for place in find_places(self.source) if place.mention]

    @property
    def used_snippets(self) -> list[UsedSnippet]:
        """The snippets taken in at any depth, with the versions that were taken, each version once."""
        used = (UsedSnippet(name=s.name, version=s.version, content_hash=s.content_hash) for s in self.snippets)
        return list(dict.fromkeys(used))

    @property
    def used_prompts(self) -> list[UsedPrompt]:
        """The prompts taken in at any depth, with the versions that were taken, by address."""
        return [
            UsedPrompt(
                address=prompt.address,
                prompt_id=prompt.prompt_id,
                prompt_version_id=prompt.prompt_version_id,
                version=prompt.version,
                content_hash=prompt.content_hash,
            )
            for prompt in sorted(self.prompts, key=lambda prompt: prompt.address)
        ]


def alone(text: str) -> ResolvedTemplate:
    """Take a template by itself: mentions stay as they are, and nothing is fetched."""
    node = _Node.read(text)
    return ResolvedTemplate(text, Expansion(text), {}, node.mentions, node.addresses, [], [], [])


async def resolve(conn: Connection, project_id: UUID, text: str, own_name: str = "") -> ResolvedTemplate:
    """Fetch and expand what `text` takes in. `own_name` is its own address or mention, so that it finds itself.

    Raises TemplateCycle, or TemplateTooHeavy past the limits of depth, number or size.
    """
    graph = _Graph(text, own_name)
    for _ in range(MAX_DEPTH + 1):
        mentions, addresses = graph.wanted()
        if not mentions and not addresses:
            break
        graph.take_snippets(mentions, await find_snippet_texts(conn, project_id, mentions))
        graph.take_prompts(addresses, await find_prompt_texts(conn, project_id, addresses))
    return graph.resolved()


@dataclass(frozen=True)
class _Node:
    """A text of the graph and what it names."""

    text: str
    mentions: list[Mention]
    addresses: list[str]

    @classmethod
    def read(cls, text: str) -> "_Node":
        addresses = dict.fromkeys(full_address(address) for address in find_includes(text))
        return cls(text, find_mentions(text), list(addresses))

    @property
    def children(self) -> list[str]:
        return [str(mention) for mention in self.mentions] + self.addresses


class _Graph:
    """Nodes are named as authors write them: `@name`, `@name@3`, `set/slug`; the root is "" where it has no name."""

    def __init__(self, root: str, own_name: str) -> None:
        self._own_name = own_name
        self._nodes = {own_name: _Node.read(root)}
        self._snippets: list[SnippetText] = []
        self._prompts: list[PromptText] = []
        self._missing: dict[str, None] = {}
        self._expanded: dict[str, Expansion] = {}

    def wanted(self) -> tuple[list[Mention], list[str]]:
        """List what is named and not fetched, in the order of first naming."""
        known = self._nodes.keys() | self._missing.keys()
        mentions = dict.fromkeys(m for node in self._nodes.values() for m in node.mentions if str(m) not in known)
        addresses = dict.fromkeys(a for node in self._nodes.values() for a in node.addresses if a not in known)
        if len(known) + len(mentions) + len(addresses) > MAX_NODES:
            message = f"The template takes in more than {MAX_NODES} snippets and prompts."
            raise TemplateTooHeavy(message, limit="size")
        return list(mentions), list(addresses)

    def take_snippets(self, wanted: Sequence[Mention], found: Iterable[SnippetText]) -> None:
        for snippet in found:
            self._snippets.append(snippet)
            self._take(str(Mention(snippet.name, snippet.asked)), snippet.content)
        self._missing |= dict.fromkeys(str(mention) for mention in wanted if str(mention) not in self._nodes)

    def take_prompts(self, wanted: Sequence[str], found: Iterable[PromptText]) -> None:
        for prompt in found:
            self._prompts.append(prompt)
            self._take(prompt.address, prompt.template)
        self._missing |= dict.fromkeys(address for address in wanted if address not in self._nodes)

    def resolved(self) -> ResolvedTemplate:
        """Prove that there is no cycle and no excess depth, then expand."""
        self._measure(self._own_name, [], {})
        root = self._nodes[self._own_name]
        return ResolvedTemplate(
            source=root.text,
            expansion=self._expand(self._own_name),
            sources={prompt.address: self._expand(prompt.address).text for prompt in self._prompts},
            mentions=root.mentions,
            includes=root.addresses,
            snippets=self._snippets,
            prompts=self._prompts,
            missing=list(self._missing),
        )

    def _take(self, name: str, text: str) -> None:
        self._nodes[name] = _Node.read(text)
        if sum(len(node.text) for node in self._nodes.values()) > MAX_GRAPH_CHARACTERS:
            message = "The template takes in more than 1 MB of snippets and prompts."
            raise TemplateTooHeavy(message, limit="size")

    def _measure(self, name: str, path: list[str], heights: dict[str, int]) -> int:
        """Return how deep the graph goes below `name`. The path holds the names on the way down."""
        if name in path:
            raise TemplateCycle.of([*path[path.index(name) :], name])
        if name not in heights:
            children = self._nodes[name].children if name in self._nodes else []
            below = [self._measure(child, [*path, name], heights) for child in children]
            heights[name] = 1 + max(below, default=-1)
        if heights[name] > MAX_DEPTH:
            message = f"Snippets and prompts stand more than {MAX_DEPTH} deep inside each other."
            raise TemplateTooHeavy(message, limit="depth")
        return heights[name]

    def _expand(self, name: str) -> Expansion:
        if name not in self._expanded:
            node = self._nodes[name]
            known = [mention for mention in node.mentions if str(mention) in self._nodes]
            contents = {mention: self._expand(str(mention)).text for mention in known}
            self._expanded[name] = expand(node.text, contents)
        return self._expanded[name]
