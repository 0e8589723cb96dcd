import time
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from prompts.domain.composition import find_includes, full_address
from prompts.domain.mentions import MAX_EXPANDED_CHARACTERS, Mention, expand, find_mentions, find_places
from prompts.domain.parameters import carry_over, check_declarations, merge
from prompts.domain.positions import line_and_column
from prompts.domain.problems import TemplateTooHeavy
from prompts.domain.rewrites import clean_title, difference, without_fence
from prompts.domain.search import prefix_query, read_cursor, write_cursor
from prompts.domain.values import complete_values
from prompts.domain.versions import canonical_text, content_hash, free_slug, slug_from_title
from shared.contracts.ids import new_id
from shared.contracts.prompts import Parameter, ParameterType
from shared.problems import Invalid, Problem

NAMES = st.from_regex(r"[a-z](?:[a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
PLAIN = st.text(st.characters(blacklist_characters="@{}%", blacklist_categories=["Cs"]), max_size=40)


def refused(problem: Problem) -> dict[str, str]:
    errors = problem.extensions["errors"]
    assert isinstance(errors, list)
    return {str(e["name"]): str(e["code"]) for e in errors if isinstance(e, dict)}


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("Follow @house-style.", ["@house-style"]),
        ("@a, @b@3 and (@c)", ["@a", "@b@3", "@c"]),
        ("write to ada@example.com or x.@y or /@z", []),
        ("@@name is literal, @@@name too", []),
        ("{{ '@inside' }} {% if x == '@inside' %}@outside{% endif %}", ["@outside"]),
        ("{{ user }}@example.com", []),
        ("@Upper @fooBar @foo_bar @foo@bar @3d", []),
        ("@foo-Bar @foo- end", ["@foo"]),
        ("@a @a @a", ["@a"]),
        ("unclosed {{ @not-seen-as-mark", ["@not-seen-as-mark"]),
        ("@x@3y @x@03", []),
    ],
)
def test_mentions_are_found_at_boundaries_only(text: str, mentions: list[str]) -> None:
    assert [str(mention) for mention in find_mentions(text)] == mentions


@given(PLAIN, NAMES, PLAIN, st.integers(min_value=0, max_value=99))
def test_a_mention_between_blanks_is_always_found_and_replaced(
    before: str, name: str, after: str, version: int
) -> None:
    mention = Mention(name, version)
    text = f"{before} {mention} {after}"
    assert find_mentions(text) == [mention]
    assert expand(text, {mention: "INSERTED"}).text == f"{before} INSERTED {after}"


@given(st.text(st.characters(blacklist_categories=["Cs"]), max_size=200))
def test_inserted_text_is_never_scanned_again(content: str) -> None:
    assert expand("a @x b", {Mention("x"): content}).text == f"a {content} b"


@given(st.text(max_size=300))
def test_places_are_ordered_and_do_not_overlap(text: str) -> None:
    places = list(find_places(text))
    assert all(one.end <= other.start for one, other in pairwise(places))


@given(PLAIN, st.text("xy\n", max_size=20), PLAIN)
def test_every_place_of_an_expanded_text_leads_back_to_its_source(before: str, content: str, after: str) -> None:
    source = f"{before} @n {after}"
    expansion = expand(source, {Mention("n"): content})
    for offset in range(len(expansion.text)):
        origin, mention = expansion.source_of(offset)
        if mention is None:
            assert source[origin] == expansion.text[offset]
        else:
            assert source[origin] == "@"


def test_snippets_cannot_grow_a_text_past_its_bound() -> None:
    with pytest.raises(TemplateTooHeavy):
        expand("@x " * 5, {Mention("x"): "a" * (MAX_EXPANDED_CHARACTERS // 4)})


def test_an_unknown_mention_stays_as_it_is() -> None:
    assert expand("see @nobody", {}).text == "see @nobody"


def test_hostile_marks_are_scanned_in_linear_time() -> None:
    hostile = ("{{" * 32_000, "{%" * 32_000, "@a" * 32_000, "@" * 64_000, "@a" + "-" * 64_000 + "B")
    for text in (*hostile, "{{ a }}" * 9_000, "{% if a %}" * 6_000):
        started = time.process_time()
        assert find_mentions(text) == []
        # Linear takes 0.04 s at most. This runs on the event loop: everybody waits for it.
        assert time.process_time() - started < 0.25


def test_columns_count_utf16_units() -> None:
    assert line_and_column("a\n😀b", 3) == (2, 3)
    assert line_and_column("", 5) == (1, 1)


def test_includes_are_found_with_their_sets() -> None:
    text = "{% render 'outline' %}{%- render \"fiction/scene\", a: 1 -%}{% render 'outline' %}{{ render }}"
    assert [full_address(address) for address in find_includes(text)] == ["default/outline", "fiction/scene"]


def parameter(type_: ParameterType, **rules: object) -> Parameter:
    return Parameter.model_validate({"name": "x", "type": type_, **rules})


@pytest.mark.parametrize(
    ("declared", "value", "code"),
    [
        (parameter("number"), "3", "type"),
        (parameter("number"), True, "type"),
        (parameter("number"), float("inf"), "type"),
        (parameter("number", minimum=2), 1, "constraint"),
        (parameter("number", maximum=2), 3, "constraint"),
        (parameter("string"), 3, "type"),
        (parameter("string", min_length=2), "a", "constraint"),
        (parameter("text", max_length=2), "abc", "constraint"),
        (parameter("string", pattern="[a-z]+"), "A", "constraint"),
        (parameter("boolean"), "true", "type"),
        (parameter("enum", choices=["a", "b"]), "c", "constraint"),
        (parameter("list"), "a", "type"),
        (parameter("json"), "a", "type"),
        (parameter("string"), None, "missing"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(declared: Parameter, value: JsonValue, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        complete_values([declared], {"x": value})
    assert refused(caught.value) == {"x": code}


def test_missing_extra_and_ill_typed_values_are_all_named_at_once() -> None:
    declared = [Parameter(name="a"), Parameter(name="b", type="number")]
    with pytest.raises(Invalid) as caught:
        complete_values(declared, {"b": "x", "c": 1})
    assert refused(caught.value) == {"a": "missing", "b": "type", "c": "extra"}


def test_defaults_fill_in_and_optional_values_become_nothing() -> None:
    declared = [Parameter(name="a", default="calm"), Parameter(name="b", required=False), Parameter(name="c")]
    assert complete_values(declared, {"c": "x"}) == {"a": "calm", "b": None, "c": "x"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["string", "text", "number", "boolean", "list", "json"]), JSON)
def test_a_value_is_taken_unchanged_or_refused_by_its_name(type_: ParameterType, value: JsonValue) -> None:
    taken: object
    try:
        taken = complete_values([parameter(type_)], {"x": value})["x"]
    except Invalid as problem:
        taken = value if set(refused(problem)) == {"x"} else None
    assert taken == value


@pytest.mark.parametrize(
    "declared",
    [
        parameter("enum"),
        parameter("string", choices=["a"]),
        parameter("number", minimum=3, maximum=1),
        parameter("string", pattern="("),
        parameter("number", default="three"),
        parameter("number", pattern="a"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(declared: Parameter) -> None:
    with pytest.raises(Invalid) as caught:
        check_declarations([declared])
    assert refused(caught.value) == {"x": "declaration"}


def test_a_parameter_declared_twice_is_refused() -> None:
    with pytest.raises(Invalid):
        check_declarations([Parameter(name="a"), Parameter(name="a", type="number")])


def test_declared_parameters_win_and_found_ones_follow() -> None:
    declared = [Parameter(name="b", type="number"), Parameter(name="unused")]
    found = [Parameter(name="a"), Parameter(name="b")]
    assert [(p.name, p.type) for p in merge(declared, found)] == [
        ("b", "number"),
        ("unused", "string"),
        ("a", "string"),
    ]


def test_known_declarations_go_on_only_for_what_is_found() -> None:
    known = [Parameter(name="gone"), Parameter(name="a", type="number")]
    assert carry_over(known, [Parameter(name="a"), Parameter(name="new")]) == [known[1], Parameter(name="new")]


def test_the_hash_follows_text_and_parameters_but_not_line_ends() -> None:
    one = content_hash("a\r\nb", [Parameter(name="x")])
    assert one == content_hash(canonical_text("a\nb"), [Parameter(name="x")])
    assert one != content_hash("a\nb", [Parameter(name="x", type="number")])
    assert one != content_hash("a\nc", [Parameter(name="x")])


def test_slugs_come_from_titles_and_step_aside() -> None:
    assert slug_from_title("  Épisode: Outline & Plan!  ") == "episode-outline-plan"
    assert slug_from_title("日本語") == "prompt"
    assert free_slug("a", ["b"]) == "a"
    assert free_slug("a", ["a", "a-2"]) == "a-3"
    assert len(free_slug("a" * 80, ["a" * 80])) == 80


def test_a_fence_around_the_whole_answer_is_taken_off_and_one_inside_stays() -> None:
    assert without_fence("```markdown\nWrite {{ x }}\n```") == "Write {{ x }}"
    assert without_fence("Use\n```\ncode\n```\nhere") == "Use\n```\ncode\n```\nhere"
    assert without_fence("```\nUse\n```\ncode\n```\nhere\n```") == "Use\n```\ncode\n```\nhere"
    assert without_fence("```\ncode\n```\nand\n```") == "```\ncode\n```\nand\n```"


def test_a_rewrite_is_compared_by_what_it_lost_and_added() -> None:
    assert difference({"a", "@s"}, {"a", "b"}) == (["@s"], ["b"])


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ('"Episode outline"', "Episode outline"),
        ("\n“Ferry Story Plan”.\nBecause it is one.", "Ferry Story Plan"),
        ("# Outline", "Outline"),
        ("  \n ", ""),
        ("a" * 300, "a" * 200),
    ],
)
def test_titles_are_cleaned(answer: str, title: str) -> None:
    assert clean_title(answer) == title


def test_a_search_becomes_word_beginnings() -> None:
    assert prefix_query("Out li & 'x'") == "'out':* & 'li':* & 'x':*"
    assert prefix_query("& | !") is None


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_cursor_reads_back(moment: datetime) -> None:
    id_ = new_id()
    assert read_cursor(write_cursor(moment, id_)) == (moment, id_)


@given(st.text(max_size=60))
def test_any_other_cursor_is_refused_by_name(cursor: str) -> None:
    with pytest.raises(Invalid):
        read_cursor(cursor)
