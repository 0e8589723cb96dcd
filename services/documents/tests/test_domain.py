from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.domain import (
    TERMS_BYTES,
    Document,
    DocumentBeingWritten,
    GenerationEnd,
    NotContinuable,
    RevisionConflict,
    check_revision,
    check_text_is_writable,
    continued_generation,
    read_text,
    search_query,
    search_terms,
    title_from,
    written,
)
from shared.contracts.ids import new_id
from shared.contracts.llm_gateway import GenerationUsage

FIRST, SECOND = UUID(int=1), UUID(int=2)


def _document(**changes: object) -> Document:
    document = Document(
        id=new_id(),
        title="Episode outline",
        title_is_given=False,
        status="generating",
        content="",
        tags=[],
        archived=False,
        revision=1,
        model="simulator/quill",
        prompt_id=new_id(),
        generation_id=FIRST,
        text_generation_id=None,
        finish_reason=None,
        input_tokens=None,
        output_tokens=None,
        cost_usd=None,
        deleted=False,
    )
    return replace(document, **changes)  # type: ignore[arg-type]  # fields by name, as the tests give them


def _end(**changes: object) -> GenerationEnd:
    usage = GenerationUsage(input_tokens=10, output_tokens=20, cost_usd=Decimal("0.5"), estimated=False)
    end = GenerationEnd(FIRST, "completed", "# Ferry\n\nGone.", "stop", None, "simulator/quill", True, usage)  # noqa: FBT003  in the order of the fields
    return replace(end, **changes)  # type: ignore[arg-type]  # fields by name, as the tests give them


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# The last ferry\n\nIt leaves.", "The last ferry"),
        ("Preface.\n\n## The **last** ferry ##\n", "The last ferry"),
        ("```\n# a comment in code\n```\n# The ferry", "The ferry"),
        ("- *It* leaves at six in the morning without its old captain", "It leaves at six in the morning without"),
        ("#hashtag first", "hashtag first"),
        ("\n\n  \n", ""),
        ("---\n***\nThe ferry", "The ferry"),
    ],
)
def test_a_text_is_named_by_its_first_heading_or_its_first_words(text: str, title: str) -> None:
    assert title_from(text) == title


@given(st.text(max_size=500))
def test_a_title_never_passes_its_limit_nor_breaks_the_line(text: str) -> None:
    title = title_from(text)
    assert len(title) <= 200
    assert "\n" not in title


def test_excerpt_and_words_are_read_out_of_the_text() -> None:
    text = read_text("one two  three\n" + "x" * 300)
    assert (text.words, len(text.excerpt)) == (4, 200)


def test_search_terms_are_alike_in_any_case_and_unicode_form() -> None:
    assert search_terms("ÄGYPTEN A\u0308gypten ägypten") == ["ägypten"]


def test_search_terms_stay_below_what_postgresql_keeps() -> None:
    terms = search_terms(" ".join(f"{number}word" for number in range(200_000)))
    assert sum(len(term.encode()) for term in terms) <= TERMS_BYTES


def test_a_query_wants_every_word_as_a_beginning() -> None:
    assert search_query("last FER-ry's") == "'last':* & 'fer':* & 'ry':* & 's':*"


@pytest.mark.parametrize("query", ["", " ", "!?", "''\\"])
def test_a_query_without_words_filters_nothing(query: str) -> None:
    assert search_query(query) is None


def test_a_stale_revision_is_refused_with_the_stored_text() -> None:
    with pytest.raises(RevisionConflict) as caught:
        check_revision(_document(revision=3, content="theirs"), 2)
    assert caught.value.extensions == {"current_content": "theirs", "current_revision": 3}


def test_text_cannot_be_written_while_a_model_writes_it() -> None:
    with pytest.raises(DocumentBeingWritten):
        check_text_is_writable(_document())


@pytest.mark.parametrize("status", ["cancelled", "interrupted", "failed"])
def test_what_stopped_early_is_continued_from_its_text(status: str) -> None:
    assert continued_generation(_document(status=status, text_generation_id=FIRST)) == FIRST


def test_a_text_cut_at_its_limit_is_continued() -> None:
    assert continued_generation(_document(status="ready", finish_reason="length", text_generation_id=FIRST)) == FIRST


@pytest.mark.parametrize(
    "document",
    [
        _document(status="ready", finish_reason="stop", text_generation_id=FIRST),
        _document(status="ready", generation_id=None),
        _document(status="interrupted", text_generation_id=None),
    ],
    ids=["finished", "by hand", "edited since"],
)
def test_what_is_finished_or_edited_is_not_continued(document: Document) -> None:
    with pytest.raises(NotContinuable):
        continued_generation(document)


def test_a_completed_text_names_the_document_unless_a_person_did() -> None:
    assert written(_document(), _end()).title == "Ferry"
    assert written(_document(title="Mine", title_is_given=True), _end()).title == "Mine"


def test_usage_is_added_up_over_the_generations_of_a_document() -> None:
    after = written(_document(input_tokens=5, output_tokens=6, cost_usd=Decimal("0.25")), _end())
    assert (after.input_tokens, after.output_tokens, after.cost_usd) == (15, 26, Decimal("0.75"))


def test_an_unknown_price_makes_the_sum_unknown_and_never_smaller() -> None:
    unknown = GenerationUsage(input_tokens=1, output_tokens=1, cost_usd=None, estimated=True)
    known_before = _document(input_tokens=5, output_tokens=6, cost_usd=Decimal("0.25"))
    unknown_before = _document(input_tokens=5, output_tokens=6, cost_usd=None)
    assert written(known_before, _end(usage=unknown)).cost_usd is None
    assert written(unknown_before, _end()).cost_usd is None


def test_a_continuation_that_fails_before_its_text_takes_nothing_away() -> None:
    stored = _document(content="Half a text", generation_id=SECOND, text_generation_id=FIRST)
    after = written(stored, _end(generation_id=SECOND, status="failed", text=""))
    assert (after.takes_text, after.text_generation_id, after.status) == (False, FIRST, "failed")


def test_a_first_generation_that_fails_without_text_can_be_continued() -> None:
    after = written(_document(), _end(status="failed", text="", usage=None))
    assert (after.text_generation_id, after.title, after.cost_usd) == (FIRST, "Episode outline", None)
