import re
from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from liquid import Environment

from simulator.tasks.assignment import Assignment
from simulator.tasks.generate import CLOSING, generate_document
from simulator.tasks.optimise import optimise_prompt
from simulator.tasks.prose import Prose
from simulator.tasks.reading import read_prompt
from simulator.tasks.title import title_prompt

# Written anew here, not imported: the judge of what must survive is not the code that keeps it.
MARKS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|(?<![\w@/.])@[a-z](?:[a-z0-9-]*[a-z0-9])?(?:@[1-9]\d*)?", re.DOTALL)

RAW = """You are a marketing pro. write a launch announcement for {{ product_name }} aimed at {{ audience }}.
It should be friendly and under 300 words. Include the price, the main benefits and a call to action.
Use @company-info for background.
Tone: {{ tone | default: "warm. And calm" }}
Return it as Markdown."""

RENDERED = """Write a launch announcement for Lumen Desk aimed at small studios.
Audience: small studios
Price: 240 EUR
- the main benefits
- delivery times
- a call to action
Keep the tone friendly. Mention the "quiet light" campaign."""

words = st.sampled_from(["write", "Please", "summary", "must", "never", "table", "for", "e.g.", "You are", "about"])
marks = st.sampled_from(
    [
        "{{ topic }}",
        "{{topic|upcase}}",
        '{{ a | default: "B. C\nd" }}',
        "{{- tight -}}",
        "@company-info",
        "@style@3",
        "@@literal",
        "someone@example.org",
        "{% if x %}",
        "{% endif %}",
        "{% for i in list %}{{ i }}{% endfor %}",
        "{% raw %}{{ kept }}{% endraw %}",
        "{{ open",
        "}}",
        "```",
    ]
)
glue = st.sampled_from([" ", " ", "\n", "\n- ", ". ", ", ", "\n\n", ": ", "\r\n", "\n# ", "\n1. ", "! ", "("])
templates = st.lists(st.tuples(words | marks | st.text(max_size=6), glue), max_size=25).map(
    lambda pairs: "".join(part + joint for part, joint in pairs)
)


def assigned(text: str, seed: int = 0) -> Assignment:
    return Assignment(text, Prose(seed, text))


def optimise(raw: str) -> str:
    return optimise_prompt(assigned(f"<prompt>\n{raw}\n</prompt>"))


@settings(max_examples=400)
@given(raw=templates)
@example(raw=RAW)
@example(raw="{{ a }}. {{ b }}! {% if c %}d. E{% endif %}")
@example(raw="mail me@example.org or @team-list@2. Then\n@house-style")
def test_optimising_keeps_every_parameter_tag_and_snippet_as_often_as_it_was(raw: str) -> None:
    assert Counter(MARKS.findall(optimise(raw))) == Counter(MARKS.findall(raw))


@given(raw=templates)
def test_optimising_never_loses_a_word_of_the_prompt(raw: str) -> None:
    kept = Counter(optimise(raw).lower().split())
    bare = re.sub(r"(?m)^\s*(?:[-*•+]|\d{1,3}[.)])\s+", "", raw.strip("\r\n")).lower().split()
    assert not [word for word in set(bare) if word not in kept and not re.fullmatch(r"[-*•+]|\d{1,3}[.)]", word)]


def test_an_optimised_prompt_is_ordered_into_sections() -> None:
    text = optimise(RAW)
    headings = re.findall(r"^# (.+)$", text, re.MULTILINE)
    assert headings == ["Role", "Inputs", "Task", "How to work", "Constraints", "Output format"]
    assert "# Role\nYou are a marketing pro." in text
    assert "- It should be friendly and under 300 words." in text
    assert '- Tone: {{ tone | default: "warm. And calm" }}' in text
    assert text.endswith("# Output format\n- Return it as Markdown.")
    assert "```" not in text


def test_a_prompt_with_liquid_tags_keeps_them_in_their_order_and_still_renders() -> None:
    raw = "Greet {% if formal %}Dr. {{ name }}{% else %}{{ name }}{% endif %}. Write a card."
    rendered = Environment().from_string(optimise(raw)).render(formal=True, name="Noor")
    assert "Greet Dr. Noor. Write a card." in rendered
    assert "# Output format" in rendered


def test_an_optimised_prompt_is_not_optimised_again() -> None:
    assert optimise(optimise(RAW)) == optimise(RAW)


def test_the_added_sections_fit_the_kind_of_work() -> None:
    assert "translator" in optimise("Translate {{ text }} into French.")
    assert "analyst" in optimise("Compare {{ a }} with {{ b }}.")


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        (RAW, "Launch Announcement for Product Name"),
        ("Summarise {{ article }}", "Article Summary Prompt"),
        ("Explain how tides work to a ten-year-old", "Tides Work to Ten-year-old"),
        ("Draft a polite reply to a customer who is angry about a late parcel", "Polite Reply to Customer"),
    ],
)
def test_a_title_is_made_from_what_the_prompt_asks_for(prompt: str, title: str) -> None:
    assert title_prompt(assigned(f"<prompt>\n{prompt}\n</prompt>")) == title


@given(prompt=templates | st.text(max_size=200))
@example(prompt="0'")
@example(prompt="'Quoted' words don't hurt")
@example(prompt="supercalifragilisticexp'ialidocious")
def test_a_title_has_three_to_six_words_on_one_line_without_quotes(prompt: str) -> None:
    title = title_prompt(assigned(prompt))
    assert 3 <= len(title.split()) <= 6
    without_apostrophes = re.sub(r"(?<=\w)'(?=\w)", "", title)
    assert not set(without_apostrophes) & set("\"'`{}@\n")


def test_a_document_shows_the_values_and_turns_requirements_into_headings() -> None:
    document = generate_document(assigned(RENDERED))
    assert document.startswith("# Launch Announcement for Lumen Desk\n")
    assert "> Write a launch announcement for Lumen Desk aimed at small studios." in document
    assert "- **Price:** “240 EUR”" in document
    assert "**quiet light**" in document
    headings = re.findall(r"^## (.+)$", document, re.MULTILINE)
    assert headings[:4] == ["What was given", "Main benefits", "Delivery times", "Call to action"]
    assert re.search(r"^- ", document, re.MULTILINE)


def test_a_document_from_an_optimised_prompt_takes_its_guidance_for_no_subject() -> None:
    filled = MARKS.sub("Lumen", optimise(RAW))
    headings = re.findall(r"^## (.+)$", generate_document(assigned(filled)), re.MULTILINE)
    assert {"Price", "Main benefits", "Call to action"} <= set(headings)
    assert not [heading for heading in headings if "Markdown" in heading or "Decide what" in heading]


@given(prompt=templates | st.text(max_size=300) | st.just(RENDERED), seed=st.integers(0, 50))
def test_a_document_has_a_sensible_size_and_says_that_it_is_simulated(prompt: str, seed: int) -> None:
    document = generate_document(assigned(prompt, seed))
    assert 250 <= len(document.split()) <= 950
    assert document.startswith("# ")
    assert document.endswith(CLOSING)


def test_some_documents_have_a_table_and_some_do_not() -> None:
    assert {"| --- | --- |" in generate_document(assigned(RENDERED, seed)) for seed in range(12)} == {True, False}


@pytest.mark.timeout(10)
@pytest.mark.parametrize("text", ["{" * 65_536, "{{ a }}\n" * 8_000, "@a " * 20_000, "word. " * 10_000, "\n" * 65_536])
def test_a_large_and_odd_prompt_is_read_in_a_moment(text: str) -> None:
    assert optimise_prompt(assigned(text))
    assert title_prompt(assigned(text))
    assert generate_document(assigned(text))


def test_material_set_apart_in_tags_names_the_document_and_is_quoted() -> None:
    reading = read_prompt("Outline six episodes.\n\n<premise>\nA ferry leaves without its captain.\n</premise>")
    assert reading.title == "Ferry Leaves Without Captain"
    assert reading.values == [("Premise", "A ferry leaves without its captain.")]
    assert reading.order == "Outline six episodes."
