import asyncio

from web.operations.viewers import KEPT_BYTES, KEPT_MESSAGES, Viewer, Viewers


async def test_messages_are_taken_together_in_their_order() -> None:
    viewer: Viewer[int] = Viewer()
    for number in range(3):
        viewer.tell(number, 1)
    assert await viewer.next(1) == [0, 1, 2]
    assert await viewer.next(0.01) == []


async def test_a_message_wakes_the_reader_at_once() -> None:
    viewer: Viewer[str] = Viewer()
    reading = asyncio.create_task(viewer.next(60))
    await asyncio.sleep(0)
    viewer.tell("now", 1)
    assert await reading == ["now"]


async def test_too_many_messages_are_dropped_and_said_to_be_missed_once() -> None:
    viewer: Viewer[int] = Viewer()
    for number in range(KEPT_MESSAGES + 1):
        viewer.tell(number, 1)
    assert await viewer.next(60) == []
    assert (viewer.take_missed(), viewer.take_missed()) == (True, False)


async def test_too_many_bytes_are_dropped_and_said_to_be_missed() -> None:
    viewer: Viewer[str] = Viewer()
    viewer.tell("half", KEPT_BYTES // 2)
    viewer.tell("half", KEPT_BYTES // 2)
    assert await viewer.next(1) == ["half", "half"]
    viewer.tell("all", KEPT_BYTES)
    viewer.tell("more", 1)
    assert await viewer.next(60) == []
    assert viewer.take_missed()
    viewer.tell("after", KEPT_BYTES)
    assert await viewer.next(1) == ["after"]


async def test_a_viewer_hears_its_own_subject_only_and_leaves_nothing_behind() -> None:
    viewers: Viewers[str, str] = Viewers()
    with viewers.viewing("a") as first, viewers.viewing("a") as second, viewers.viewing("b") as other:
        assert set(viewers.of("a")) == {first, second}
        assert viewers.of("b") == [other]
        assert len(viewers.all()) == 3
    assert viewers.all() == viewers.of("a") == []
    assert viewers._by_key == {}


async def test_closing_lets_everybody_go_and_whoever_comes_later() -> None:
    viewers: Viewers[str, str] = Viewers()
    with viewers.viewing("a") as before:
        viewers.close()
        with viewers.viewing("a") as after:
            assert before.ended
            assert after.ended
            assert await after.next(60) == []
