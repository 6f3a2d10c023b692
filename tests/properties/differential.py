"""One session in one world: requests are made up, asked, and compared with the oracle's answers."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from rowgate.pipeline import Endpoint
from tests.properties.changes import Changer
from tests.properties.choices import Choices
from tests.properties.comparison import Expected, agrees, same, stored
from tests.properties.documents import Document, Field
from tests.properties.harness import Served, serve
from tests.properties.hidden import disturbed
from tests.properties.model import SESSION_VARIABLES, Json, State
from tests.properties.oracle.answers import Refused
from tests.properties.oracle.reads import ReadOracle
from tests.properties.oracle.relay import RelayOracle
from tests.properties.oracle.writes import WriteOracle
from tests.properties.reads import Reader
from tests.properties.relay import RelayReader
from tests.properties.worlds import ROLES, make_world

READS, WRITES = 3, 2
WORLDS = 25

Expect = Callable[[Mapping[str, str]], Expected]
"""What must be answered to a session with these variables."""


@dataclass(frozen=True)
class Read:
    """A request that changes nothing, where it is sent, and what must be answered."""

    body: Json
    expect: Expect
    endpoint: Endpoint = Endpoint.GRAPHQL


@dataclass
class Round:
    """Worlds that are served together, and how often what was tried."""

    number: int
    url: str
    loop: asyncio.AbstractEventLoop
    worlds: dict[int, Served] = field(default_factory=dict)
    tried: Counter[str] = field(default_factory=Counter)

    def world(self, index: int) -> Served:
        """A world of this round, made when it is first asked for."""
        found = self.worlds.get(index)
        if found is None:
            made = make_world(self.seed(index), f"world_{index}")
            found = self.worlds[index] = serve(made, self.url, self.loop)
        return found

    def seed(self, index: int) -> int:
        """The seed behind a world."""
        return self.number * WORLDS + index

    def close(self) -> None:
        """Let the worlds' connections go."""
        for one in self.worlds.values():
            self.tried["asked together"] += one.shared.compared
            self.loop.run_until_complete(one.database.close())


@dataclass
class Case:
    """One session in one world."""

    round: Round
    index: int
    served: Served
    role: str
    session: Mapping[str, str]

    def require(self, holds: bool, body: Json, *what: object) -> None:
        """Fail with everything that a reproduction needs."""
        if not holds:
            about = f"world {self.round.seed(self.index)}, {self.role} {dict(self.session)}"
            pytest.fail("\n".join([about, str(body), *map(repr, what)]), pytrace=False)

    def ask(self, body: Json, endpoint: Endpoint = Endpoint.GRAPHQL) -> bytes:
        """The engine's answer."""
        return self.served.ask(body, self.role, self.session, endpoint)

    def judged(self, expect: Expect, body: Json, answer: bytes) -> None:
        """Compare an answer. A session that lacks a variable may be refused for that alone; if it
        is not, then what the variable holds must not matter."""
        sessions: list[Mapping[str, str]] = [self.session]
        missing = [n for n in SESSION_VARIABLES.values() if n[0].lower() not in self.session]
        if missing and agrees(Refused("not-found"), answer):
            self.round.tried["refused for a missing variable"] += 1
            return
        for name, values in missing:
            sessions = [{**self.session, name.lower(): value} for value in values]
        for session in sessions:
            expected = expect(session)
            self.require(agrees(expected, answer), body, "expected", expected, "got", answer)
        self.round.tried["refused" if b'"errors"' in answer[:10] else "answered"] += 1


def case_of(
    current: Round, choices: Choices, worlds: int = WORLDS, roles: Sequence[str] = ROLES
) -> Case:
    """A case of one of the roles in one of the first worlds of a round."""
    index = choices.integer(0, worlds - 1)
    current.tried["examples"] += 1
    role, session = choices.one(roles), _session(choices)
    return Case(current, index, current.world(index), role, session)


def _session(choices: Choices) -> dict[str, str]:
    made = {name.lower(): choices.one(values) for name, values in SESSION_VARIABLES.values()}
    if choices.chance(6):
        del made[choices.one(list(made))]
    return made


def _read(case: Case, choices: Choices) -> list[Read]:
    """A read; one whose conditions are variables also with other values in the same places."""
    if choices.chance(20):
        page = RelayReader(choices, case.served.world, case.role).root()
        case.round.tried["pages"] += 1
        return [_asked(case, page, {}, RelayOracle)]
    root = Reader(choices, case.served.world, case.role).root()
    if root.kind != "rows" or not choices.chance(30):
        return [_asked(case, root, {})]
    where = {"where": "{}_bool_exp"}
    made = [_asked(case, root, where)]
    if "where" in root.arguments:
        twisted = {**root.arguments, "where": _twisted(root.arguments["where"])}
        made.append(_asked(case, replace(root, arguments=twisted), where))
    return made


def _twisted(value: Json) -> Json:
    match value:
        case bool():
            return not value
        case int():
            return (value + 1) % 5
        case list():
            return [_twisted(one) for one in value]
        case dict():
            return {key: _twisted(one) for key, one in value.items()}
    return value


def _asked(
    case: Case, root: Field, whole: dict[str, str], oracle: type[ReadOracle] = ReadOracle
) -> Read:
    world = case.served.world

    def expect(session: Mapping[str, str]) -> Expected:
        try:
            return {root.key: oracle(world, world.rows, case.role, session).root(root)}
        except Refused as refused:
            return refused

    endpoint = Endpoint.RELAY if oracle is RelayOracle else Endpoint.GRAPHQL
    return Read(Document(whole).body("query", [root]), expect, endpoint)


def check_reads(case: Case, choices: Choices) -> None:
    """Some reads, asked again after changes of what the role cannot see."""
    asked = judged_reads(case, choices)
    _undisturbed(case, choices.integer(0, 1000), asked)


def judged_reads(case: Case, choices: Choices) -> list[tuple[Read, bytes]]:
    """Some reads, and how they were answered."""
    reads = [read for _ in range(READS) for read in _read(case, choices)]
    answers = [case.ask(one.body, one.endpoint) for one in reads]
    for one, answer in zip(reads, answers, strict=True):
        case.judged(one.expect, one.body, answer)
    return list(zip(reads, answers, strict=True))


def _undisturbed(case: Case, seed: int, asked: list[tuple[Read, bytes]]) -> None:
    world = case.served.world
    try:
        oracle = ReadOracle(world, world.rows, case.role, case.session)
        state = disturbed(oracle, seed)
    except Refused:
        return
    if state is None:
        return
    case.served.load(state)
    try:
        for one, answer in asked:
            case.round.tried["undisturbed"] += 1
            again = case.ask(one.body, one.endpoint)
            alike = again == answer or _reordered(one.expect(case.session), answer, again)
            case.require(alike, one.body, "before", answer, "after", again, state)
    finally:
        case.served.load(world.rows)


def _reordered(expected: Expected, answer: bytes, again: bytes) -> bool:
    """Whether two answers differ by no more than the order of rows that nothing orders: Postgres
    chooses how it joins, and so in which order it finds them, by what tables hold."""
    return sorted(answer) == sorted(again) and agrees(expected, again)


def check_write(case: Case, choices: Choices) -> None:
    """A mutation: its answer, and what is stored afterwards."""
    world = case.served.world
    roots = [Changer(choices, world, case.role).root()]
    if choices.chance(25):
        roots.append(Changer(choices, world, case.role).root())
        roots[1].key = "second"
    whole = {"where": "{}_bool_exp!"} if choices.chance(30) else {}
    body = Document(whole).body("mutation", roots)
    states: list[State] = []

    def expect(session: Mapping[str, str]) -> Expected:
        oracle = WriteOracle(world, world.rows, case.role, session)
        expected = _mutated(oracle, roots)
        states.append(world.rows if isinstance(expected, Refused) else oracle.state)
        return expected

    answer = case.ask(body)
    now = case.served.rows()
    if now != stored(world, world.rows):
        case.round.tried["changed"] += 1
        case.served.load(world.rows)
    case.judged(expect, body, answer)
    for state in states or [world.rows]:
        wanted = stored(world, state)
        case.require(same(wanted, now), body, "stored", wanted, now)


def _mutated(oracle: WriteOracle, roots: list[Field]) -> Expected:
    """All root fields in order; a field that does not exist refuses the whole before any runs."""
    expected: Expected = {}
    for root in roots:
        try:
            value = oracle.mutate(root)
            if isinstance(expected, dict):
                expected[root.key] = value
        except Refused as refused:
            if isinstance(expected, dict) or refused.codes == ("validation-failed",):
                expected = refused
    return expected
