"""What is known of a quick statement: how many are asked together, and when none are."""

import asyncio
from collections.abc import Iterator

import pytest

from rowgate.database.bind import array_elements
from rowgate.database.sharing.quick import DEEPEST, QUICK, Quick, Turn, together


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


def quick(seconds: float = 0.0001) -> Quick:
    made = Quick("select 1")
    made.many = "select 1 from several"
    made.note(seconds)
    made.note(seconds)
    return made


def test_it_is_quick_after_two_times_and_not_after_as_many_slow_ones() -> None:
    made = Quick("select 1")
    made.note(0.0005)
    assert not made.is_shown()
    made.note(0.0001)
    assert (made.is_shown(), made.depth, made.each) == (True, 20, QUICK / 20)
    made.note(0.5)
    assert (made.is_shown(), made.depth, made.each) == (False, 1, QUICK)
    made.note(0.0015)
    made.note(0.0015)
    assert (made.is_shown(), made.depth) == (True, 1)
    made.observe(1, 0.0005, 1.0)
    assert made.depth == 4
    assert quick(0.000001).depth == DEEPEST


def test_a_slow_time_among_many_quick_ones_may_be_due_to_others() -> None:
    made = quick()
    for _ in range(100):
        made.note(0.0001)
    made.note(0.5)
    assert (made.is_shown(), made.depth) == (True, 20)
    made.note(0.5)
    made.observe(1, 0.5, 1.0)
    made.observe(1, 0.5, 1.0)
    made.note(0.5)
    assert (made.is_shown(), made.depth) == (False, 1)
    made.note(0.0001)
    made.note(0.0001)
    made.lose()
    assert not made.is_shown()


def test_times_on_a_link_count_for_it_as_they_do_against_it() -> None:
    made = quick()
    for _ in range(20):
        made.observe(1, 0.5, 1.0)
        made.observe(1, 0.0001, 1.0)
        made.observe(1, 0.0001, 1.0)
    assert made.is_shown()


def test_as_many_are_taken_as_may_be_asked_together(loop: asyncio.AbstractEventLoop) -> None:
    made = quick(0.0005)
    waiting: list[Turn] = [((b"%d" % one,), loop.create_future(), 0.0005) for one in range(7)]
    made.waiting.extend(waiting)
    assert made.take(1.0) == waiting[:4]
    assert made.take(1.0) == waiting[4:]
    assert made.take(1.0) == []
    made.waiting.extend(waiting)
    made.failed(1.0)
    assert made.take(1.5) == waiting[:1]
    made.many = None
    assert made.take(9.0) == waiting[1:2]


def test_now_and_then_one_is_taken_alone(loop: asyncio.AbstractEventLoop) -> None:
    made = quick()
    sizes = []
    for _ in range(70):
        made.waiting.extend(((), loop.create_future(), 0.0001) for _ in range(2))
        is_measured = made.is_measured()
        sizes.append(len(made.take(1.0)))
        assert is_measured or sizes[-1] == 2
        if is_measured:
            made.observe(sizes[-1], 0.0001 * sizes[-1], 1.0)
        made.waiting.clear()
    assert sizes.count(1) == 1


def observed(made: Quick, alone: float, each: float, now: float) -> None:
    """As often as is compared, once of them alone."""
    while not made.is_measured():
        made.take(now)
    made.observe(1, alone, now)
    while made.is_measured():
        made.observe(4, 4 * each, now)


def test_what_takes_longer_together_is_asked_apart_for_longer_each_time() -> None:
    made = quick()
    observed(made, 0.0001, 0.00015, 1.0)
    assert made.most(1.0) > 1
    now, pauses = 1.0, []
    for _ in range(12):
        observed(made, 0.0001, 0.0003, now)
        began = now
        while made.most(now) == 1:
            now += 0.125
        pauses.append(now - began)
    assert pauses[:4] == [0.25, 0.5, 1.0, 2.0]
    assert pauses[-1] == 60.0
    observed(made, 0.0001, 0.00005, now)
    observed(made, 0.0001, 0.0003, now)
    assert made.most(now + 0.25) > 1


def test_a_busy_machine_is_no_reason() -> None:
    made = quick()
    for number in range(100):
        made.take(5.0)
        made.observe(4, 0.0002 if number % 4 == 0 else 1.0, 5.0)
        made.observe(1, 0.0001 if number % 7 == 0 else 0.001, 5.0)
    assert made.most(5.0) > 1


def test_what_has_become_slower_is_counted_with_more() -> None:
    made = quick(0.0001)
    assert made.depth == 20
    for depth in (10, 5, 2, 2):
        observed(made, 0.0019, 0.0019, 1.0)
        assert (made.depth, made.each) == (depth, QUICK / depth)
    observed(made, 0.0001, 0.0001, 1.0)
    assert made.depth == 20


def test_a_failure_is_a_reason_for_a_second_at_least() -> None:
    made = quick()
    made.failed(3.0)
    assert made.most(3.9) == 1
    assert made.most(4.1) > 1
    for _ in range(9):
        made.stalled(5.0)
    made.failed(5.0)
    assert made.most(60.0) == 1


def test_lists_of_arguments_as_arrays() -> None:
    texts = ['quo"te', "back\\slash", "{a,b}", "é☃𝄞", "", "NULL", "null", " ", None]
    rows = [(None if one is None else one.encode(), b"%d" % at) for at, one in enumerate(texts)]
    arrays = [array_elements((one or b"").decode()) for one in together(rows)]
    assert arrays == [texts, [str(at) for at in range(len(texts))]]
