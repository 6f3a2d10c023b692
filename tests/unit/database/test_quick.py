"""What is known of a quick statement: how many are asked together, and when none are."""

import asyncio
from collections.abc import Iterator

import pytest

from rowgate.database.bind import array_elements
from rowgate.database.quick import DEEPEST, Quick, Waiting, together


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


def quick(seconds: float = 0.0001) -> Quick:
    made = Quick("select 1")
    made.note(seconds)
    made.note(seconds)
    return made


def test_it_is_quick_after_two_times_in_a_row() -> None:
    made = Quick("select 1")
    made.note(0.0005)
    assert not made.is_shown()
    made.note(0.0001)
    assert (made.is_shown(), made.depth) == (True, 20)
    made.note(0.5)
    assert (made.is_shown(), made.depth) == (False, 1)
    made.note(0.0015)
    made.note(0.0015)
    assert (made.is_shown(), made.depth) == (True, 1)
    made.observe(1, 0.0005, 1.0)
    assert made.depth == 4
    assert quick(0.000001).depth == DEEPEST


def test_as_many_are_taken_as_may_be_asked_together(loop: asyncio.AbstractEventLoop) -> None:
    made = quick(0.0005)
    answers: list[Waiting] = [loop.create_future() for _ in range(7)]
    made.waiting.extend(((b"%d" % number,), one) for number, one in enumerate(answers))
    answers[1].cancel()
    answers[6].cancel()
    assert [values for values, _ in made.take()] == [(b"0",), (b"2",), (b"3",), (b"4",)]
    assert [values for values, _ in made.take()] == [(b"5",)]
    assert made.take() == []
    assert not made.waiting


def test_now_and_then_one_is_taken_alone(loop: asyncio.AbstractEventLoop) -> None:
    made = quick()
    sizes = []
    for _ in range(40):
        made.waiting.extend(((), loop.create_future()) for _ in range(2))
        sizes.append(len(made.take()))
        made.waiting.clear()
    assert sizes.count(1) == 1


def observed(made: Quick, alone: float, each: float, now: float) -> None:
    """As often as is compared, once of them alone."""
    for number in range(32):
        made.take()
        if number == 0:
            made.observe(1, alone, now)
        else:
            made.observe(4, 4 * each, now)


def test_what_takes_longer_together_is_asked_apart_for_longer_each_time() -> None:
    made = quick()
    observed(made, 0.0001, 0.00015, 1.0)
    assert not made.is_apart(1.0)
    now, pauses = 1.0, []
    for _ in range(12):
        observed(made, 0.0001, 0.0003, now)
        began = now
        while made.is_apart(now):
            now += 0.125
        pauses.append(now - began)
    assert pauses[:4] == [0.25, 0.5, 1.0, 2.0]
    assert pauses[-1] == 60.0
    observed(made, 0.0001, 0.00005, now)
    observed(made, 0.0001, 0.0003, now)
    assert not made.is_apart(now + 0.25)


def test_a_busy_machine_is_no_reason() -> None:
    made = quick()
    for number in range(100):
        made.take()
        made.observe(4, 0.0002 if number % 7 == 0 else 1.0, 5.0)
        made.observe(1, 0.0001 if number % 7 == 0 else 1.0, 5.0)
    assert not made.is_apart(5.0)


def test_a_failure_is_a_reason_for_a_second_at_least() -> None:
    made = quick()
    made.failed(3.0)
    assert made.is_apart(3.9)
    assert not made.is_apart(4.1)
    for _ in range(9):
        made.stalled(5.0)
    made.failed(5.0)
    assert made.is_apart(60.0)


def test_lists_of_arguments_as_arrays() -> None:
    texts = ['quo"te', "back\\slash", "{a,b}", "é☃𝄞", "", "NULL", "null", " ", None]
    rows = [(None if one is None else one.encode(), b"%d" % at) for at, one in enumerate(texts)]
    arrays = [array_elements((one or b"").decode()) for one in together(rows)]
    assert arrays == [texts, [str(at) for at in range(len(texts))]]
