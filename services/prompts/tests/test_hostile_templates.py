"""GUARANTEES N21: any template up to 64 KB takes at most 100 ms of CPU, 64 MB and gives at most 256 KB."""

import contextlib
import os
import re
import resource
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from prompts.domain.mentions import MAX_EXPANDED_CHARACTERS
from prompts.templating.environment import make_environment
from prompts.templating.filters import ALLOWED_FILTERS
from prompts.templating.pool import TemplatePool, template_pool
from prompts.templating.tasks import Analysis, Exhausted, Failure, RefusedValues, Rendering, RenderTask, Subject
from prompts.templating.worker import MEMORY_BYTES, perform
from shared.contracts.prompts import MAX_TEMPLATE_CHARACTERS
from shared.problems import Problem

CORPUS = {
    "replace chain": "{% assign s = x %}" + "{% assign s = s | replace: 'a', 'aaaaaaaaaa' %}" * 36 + "{{ s }}",
    "replace in one expression": "{{ x " + "| replace: 'a', 'aa' " * 36 + "}}",
    "replace of nothing": "{{ x | replace: '', x }}",
    "nested loops": "{% for a in (1..9999) %}{% for b in (1..9999) %}x{% endfor %}{% endfor %}{{ x }}",
    "sequential loops": "{% for a in (1..9999) %}{% assign y = a | times: 3 %}{% endfor %}" * 500 + "{{ x }}",
    "huge range": "{% for a in (1..100000000000) %}y{% endfor %}{{ x }}",
    "huge range joined": "{{ (1..1000000000) | join: x }}",
    "immeasurable range": "{% assign r = (1..99999999999999999999999999) %}{{ r | size }}{{ r.size }}{{ x }}",
    "doubling capture": "{% capture s %}{{ x }}{% endcapture %}" + "{% capture s %}{{ s }}{{ s }}{% endcapture %}" * 40,
    "doubling append": "{% assign s = x %}" + "{% assign s = s | append: s %}" * 40 + "{{ s }}",
    "squared numbers": "{% assign n = 99999999999 %}" + "{% assign n = n | times: n %}" * 40 + "{{ n }}{{ x }}",
    "deep blocks": "{% if x %}" * 3000 + "{% endif %}" * 3000,
    "deep index": "{{ x" + "[x" * 9000 + "]" * 9000 + " }}",
    "unclosed outputs": "{{" * 32_000,
    "unclosed raw": "{% raw %}" * 7000,
    "unclosed doc": "{% doc %}" * 7000,
    "blank output": "{{" + " " * 65_000,
    "unclosed quote": '{{ "' + "'" * 65_000,
    "many outputs": "{{x}}" * 13_000,
    "many filters": "{{ x " + "| upcase " * 7000 + "}}",
    "many conditions": "{% if " + "x and " * 10_000 + "x %}{% endif %}",
    "many assigns": "".join(f"{{% assign v{n} = x %}}" for n in range(2500)),
    "many letters": "{{ x | split: '' | join: x }}",
    "letters made unique": "{{ x | split: 'a' | uniq | size }}",
    "growing escapes": "{% assign s = x %}"
    + "{% assign s = s | newline_to_br | url_encode | escape %}" * 20
    + "{{ s }}",
    "infinity": "{{ 1e400 | round }}{{ x }}",
    "division by nothing": "{{ 1 | divided_by: 0 }}{{ x }}",
    "long exponent": "{{ '1e999999999' | times: 2 | floor }}{{ x }}",
    "long number": "{{ " + "9" * 60_000 + " }}{{ x }}",
    "long number in text": "{{ '" + "9" * 60_000 + "' | plus: 1 }}{{ x }}",
    "itself": "{% render 'default/loop' %}{{ x }}",
}
SOURCES = {"default/loop": "{% render 'default/loop' %}{% render 'default/loop' %}"}


@pytest.mark.parametrize("name", CORPUS)
async def test_a_template_bomb_stays_within_its_bounds(templates: TemplatePool, name: str) -> None:
    template = CORPUS[name][:MAX_TEMPLATE_CHARACTERS]
    try:
        outcome = await templates.render(Subject(text=template, sources=SOURCES), {"x": "ab\n" * 20_000})
    except Problem as problem:
        assert problem.extensions["limit"] == "time"  # noqa: PT017  both ways of ending are good
    else:
        assert isinstance(outcome, Rendering | Failure | Exhausted | RefusedValues)
        assert len(outcome.text if isinstance(outcome, Rendering) else "") <= MAX_EXPANDED_CHARACTERS


async def test_the_whole_corpus_takes_no_more_processor_than_promised() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    async with template_pool(1) as pool:
        for template in CORPUS.values():
            try:
                await pool.render(Subject(text=template[:MAX_TEMPLATE_CHARACTERS], sources=SOURCES), {"x": "ab" * 9000})
            except Problem as problem:
                assert problem.extensions["limit"] == "time"  # noqa: PT017  the same
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # Starting a process costs about a second of its own; some templates cost one.
    assert spent < 0.1 * len(CORPUS) + 6


async def test_the_whole_corpus_takes_no_more_memory_than_promised() -> None:
    others = set(_peaks())
    idle: dict[int, int] = {}
    grown = [0]
    async with template_pool(1) as pool:
        for template in CORPUS.values():
            # A worker that the kernel ended is replaced: each is measured against its own beginning.
            idle = {pid: idle.get(pid, peak) for pid, peak in _peaks().items() if pid not in others}
            with contextlib.suppress(Problem):
                await pool.render(Subject(text=template[:MAX_TEMPLATE_CHARACTERS], sources=SOURCES), {"x": "ab" * 9000})
            grown += [peak - idle[pid] for pid, peak in _peaks().items() if pid in idle]
    assert 0 < max(grown) <= MEMORY_BYTES


def _peaks() -> dict[int, int]:
    """Read the most bytes that each child of this process has held since it began its own program.

    Where the system does not keep that, what each holds now: a worker gives little back between templates.
    """
    children = _children()
    return {pid: _linux_peak(pid) or held for pid, held in children.items()}


def _children() -> dict[int, int]:
    """Read what each child holds now, in bytes; small systems with /proc may have no `ps`."""
    if tasks := list(Path("/proc/self/task").glob("*/children")):
        return {int(pid): 0 for children in tasks for pid in children.read_text(encoding="ascii").split()}
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,rss="], capture_output=True, text=True, check=True)  # noqa: S607
    rows = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
    return {pid: kilobytes * 1024 for pid, parent, kilobytes in rows if parent == os.getpid()}


def _linux_peak(pid: int) -> int | None:
    try:
        status = Path("/proc", str(pid), "status").read_text(encoding="utf-8")
    except OSError:
        return None
    kilobytes = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(kilobytes[1]) * 1024 if kilobytes else None


async def test_after_the_whole_corpus_good_templates_still_render(templates: TemplatePool) -> None:
    assert await templates.render(Subject(text="Hello {{ x }}"), {"x": "you"}) == Rendering(text="Hello you")


PIECES = st.sampled_from(
    [
        "{{ x }}",
        "{{ x.y }}",
        "{% for i in x %}",
        "{% endfor %}",
        "{% if x > 1 %}",
        "{% else %}",
        "{% endif %}",
        "{% assign x = x | append: x %}",
        "{% capture x %}",
        "{% endcapture %}",
        "{% case x %}{% when 1 %}",
        "{% endcase %}",
        "{% raw %}",
        "{% endraw %}",
        "{% render 'a', x: x %}",
        "{% cycle 'a', x %}",
        "{{ x | ",
        " }}",
        "{%",
        "%}",
        "text\n",
        "@s",
    ]
)
FILTERED = st.builds("{{{{ x | {}: x }}}}".format, st.sampled_from(sorted(ALLOWED_FILTERS)))
VALUES = st.one_of(
    st.text(max_size=10), st.integers(), st.floats(), st.booleans(), st.lists(st.integers(), max_size=5), st.none()
)


@given(st.lists(PIECES | FILTERED, max_size=12).map("".join), VALUES)
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_whatever_a_template_says_there_is_an_outcome(template: str, value: JsonValue) -> None:
    task = RenderTask.model_construct(
        subject=Subject(text=template, sources={"default/a": "{{ x }}"}), values={"x": value}
    )
    assert isinstance(perform(make_environment(), task), Analysis | Rendering | Failure | Exhausted | RefusedValues)
