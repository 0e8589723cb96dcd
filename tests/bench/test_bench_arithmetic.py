"""What the benches compute and write, without anything to measure."""

import pytest

from tests.bench.figures import quantile
from tests.bench.gateway.connection import AnswerError, question
from tests.bench.gateway.load import Measured, StampReader, measured
from tests.bench.gateway.measuring import SOME, Figures
from tests.bench.gateway.report import Aim, aims, table
from tests.bench.gateway.stamps import seconds_since, stamp
from tests.bench.gateway.targets import DIRECT, LITELLM, OURS, Target
from tests.bench.page import with_part

EVENT = b'data: {"choices":[{"delta":{"content":"%b"}}]}\n\n'


@pytest.mark.parametrize("written", [0, 123_456_789_012, 167_772_159_999_999])
@pytest.mark.parametrize("delay", [0.0, 0.00025, 1.5, 100.0])
def test_a_stamp_tells_how_long_ago_it_was_written_also_when_the_clock_comes_round(written: int, delay: float) -> None:
    characters = stamp(written)
    assert len(characters) == 4
    assert seconds_since(characters, written + int(delay * 1e9)) == pytest.approx(delay, abs=0.00002)


@pytest.mark.parametrize("cut", range(1, 2 * len(EVENT % b"AAAA")))
def test_stamps_are_found_in_a_stream_that_is_cut_at_any_byte(cut: int) -> None:
    stream = EVENT % b"" + EVENT % b"AB-_" + EVENT % b"AACD"
    reader = StampReader()
    reader(stream[:cut])
    reader(stream[cut:])
    assert reader.count == 2
    assert reader.first_at > 0


def test_quantiles_are_values_that_were_measured() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert (quantile(values, 0.5), quantile(values, 0.99), quantile([7.0], 0.99)) == (51.0, 100.0, 7.0)


def test_a_measurement_without_an_answer_is_an_error_and_one_with_failures_says_so() -> None:
    with pytest.raises(AnswerError, match="503"):
        measured([], 1.0, ["503: no"])
    assert measured([0.1, 0.3], 0.5, ["reset"]) == Measured(2, 4.0, 0.3, 0.3, 1, "reset")


def test_a_question_declares_the_length_of_its_body() -> None:
    head, _, body = question("http://127.0.0.1:80/v1/x", {"A": "b"}, {"model": "bench"}).partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/x HTTP/1.1\r\nHost: 127.0.0.1:80\r\n")
    assert f"Content-Length: {len(body)}".encode() in head


def test_each_bench_writes_its_own_part_of_the_page_and_leaves_the_other() -> None:
    page = with_part(with_part("# Page\n", "one", "first"), "two", "second")
    again = with_part(page, "one", "third \\1")
    assert again == page.replace("first", "third \\1")
    assert again.startswith("# Page\n\n<!-- one: begin -->\n\nthird \\1\n\n<!-- one: end -->\n\n<!-- two: begin -->")


@pytest.mark.parametrize(
    ("figure", "at_least", "verdict"),
    [(2.0, True, "holds"), (2.0, False, "missed"), (1.0, False, "holds"), (None, True, "not measured")],
)
def test_an_aim_says_whether_it_holds(figure: float | None, at_least: bool, verdict: str) -> None:  # noqa: FBT001
    assert Aim("x", figure, 1.5, " ms", at_least).row().endswith(f"| {verdict} |")


def test_our_requests_are_compared_with_those_of_the_peers_that_were_measured() -> None:
    every = [_figures(name, per_second) for name, per_second in ((DIRECT, 9000.0), (OURS, 3000.0), (LITELLM, 100.0))]
    told = aims(every)
    assert "| 64 at a time, requests/s, against LiteLLM | at least 25 times | 30.0 times | holds |" in told
    assert "| 64 at a time, requests/s, against Portkey | at least 3 times | - | not measured |" in told
    assert "| 64 at a time, requests/s | 9,000 | 3,000 | 100 |" in table(every)


def _figures(name: str, per_second: float) -> Figures:
    return Figures(Target(name, "http://127.0.0.1:1/"), {SOME: Measured(10, per_second, 0.001, 0.002)})
