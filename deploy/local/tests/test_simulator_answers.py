import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.answers import Answer, compose_answer
from simulator.conversation import Message, ModelCall
from simulator.faults import Faults

PROMPT = "Write a launch note for Lumen Desk, aimed at small studios. Include the price and the main benefits."
TASKS = ("generate_document", "optimise_prompt", "title_prompt", "anything_else")


def conversation(task: str, prompt: str = PROMPT) -> list[Message]:
    return [Message("system", f"Scriptorium task: {task}\n\nMore words."), Message("user", prompt)]


def compose(seed: int, messages: list[Message], words: int | None = None, limit: int | None = None) -> Answer:
    return compose_answer(seed, ModelCall("quill", tuple(messages), limit), Faults(words=words))


def go_on(messages: list[Message], partial: str) -> list[Message]:
    return [*messages, Message("assistant", partial), Message("user", "Continue exactly where you stopped.")]


def answer(task: str, prompt: str = PROMPT, seed: int = 0) -> Answer:
    return compose(seed, conversation(task, prompt))


@pytest.mark.parametrize("task", TASKS)
def test_the_same_call_gives_the_same_text_and_the_same_chunks(task: str) -> None:
    assert answer(task) == answer(task)


@pytest.mark.parametrize("task", ["generate_document", "anything_else"])
def test_another_seed_or_another_message_gives_another_text(task: str) -> None:
    texts = {answer(task, seed=seed).text for seed in range(3)} | {answer(task, f"{PROMPT} Be brief.").text}
    assert len(texts) == 4


def test_another_process_gives_the_same_answer() -> None:
    program = (
        "from simulator.answers import compose_answer; from simulator.conversation import Message, ModelCall;"
        "from simulator.faults import Faults;"
        f"print(compose_answer(3, ModelCall('quill', (Message('user', {PROMPT!r}),)), Faults()).chunks)"
    )
    elsewhere = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert elsewhere.strip() == str(compose(3, [Message("user", PROMPT)]).chunks)


@given(text=st.text(max_size=400), words=st.integers(0, 300) | st.none(), limit=st.integers(1, 200) | st.none())
def test_the_chunks_are_the_text_and_the_limits_hold(text: str, words: int | None, limit: int | None) -> None:
    composed = compose(1, [Message("user", text)], words, limit)
    assert "".join(composed.chunks) == composed.text
    assert all(composed.chunks)
    assert limit is None or composed.output_tokens <= limit
    assert composed.tokens_of(len(composed.chunks)) == composed.output_tokens


@pytest.mark.parametrize("task", ["generate_document", "anything_else"])
@pytest.mark.parametrize("words", [1, 7, 60, 2500])
def test_a_text_has_exactly_the_words_asked_for(task: str, words: int) -> None:
    assert len(compose(0, conversation(task), words).text.split()) == words


@pytest.mark.parametrize("task", TASKS)
@given(data=st.data())
def test_a_continuation_goes_on_exactly_where_the_partial_ended(task: str, data: st.DataObject) -> None:
    full = answer(task).text
    partial = full[: data.draw(st.integers(1, len(full)))]
    rest = compose(0, go_on(conversation(task), partial)).text
    assert partial + rest == full


def test_a_second_continuation_goes_on_after_the_first() -> None:
    messages, full = conversation("generate_document"), answer("generate_document").text
    twice = go_on(go_on(messages, full[:100]), full[100:250])
    assert compose(0, twice).text == full[250:]


def test_a_prefilled_answer_is_continued_without_being_asked() -> None:
    full = answer("generate_document").text
    prefilled = [*conversation("generate_document"), Message("assistant", full[:33])]
    assert compose(0, prefilled).text == full[33:]


def test_a_partial_that_lost_its_last_blank_is_continued_with_it() -> None:
    full = answer("generate_document").text
    stripped = full[: full.index(" ", 40) + 1].rstrip()
    assert compose(0, go_on(conversation("generate_document"), stripped)).text == full[len(stripped) :]


def test_a_continuation_pays_for_the_whole_conversation() -> None:
    messages = go_on(conversation("generate_document"), answer("generate_document").text[:400])
    assert compose(0, messages).input_tokens == sum(-(-len(message.text) // 4) for message in messages)


def test_a_follow_up_in_a_conversation_of_other_words_is_answered_on_its_own() -> None:
    messages = go_on(conversation("anything_else"), "§ quite another text")
    composed = compose(0, messages)
    assert "Continue exactly where you stopped" in composed.text


def test_only_the_first_line_of_the_system_prompt_names_the_task() -> None:
    messages = [Message("system", "Be kind.\nScriptorium task: title_prompt"), Message("user", PROMPT)]
    assert compose(0, messages).task == "reply"
