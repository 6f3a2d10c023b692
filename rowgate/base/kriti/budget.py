"""How much one filling of a template may do: steps taken, and the size of what is made.

Values are shared, not copied, so that a short template can stand for an enormous text: what leaves
is measured as it would be written, and measuring stops where the limit is.
"""

from rowgate.base.json import Json
from rowgate.base.kriti.types import Failure, KritiError, Span

STEPS = 100_000
"""How many values a template may work out."""
SIZE = 8 * 1024 * 1024
"""How many characters may be made and leave."""
VALUE = 16
"""How many characters a value counts as."""
DEPTH = 200
"""How deep the result may be nested."""


class Budget:
    """What is left."""

    def __init__(self, steps: int = STEPS, size: int = SIZE) -> None:
        self._steps = steps
        self._size = size

    def step(self, span: Span) -> None:
        """One more value is worked out; raises `KritiError` where it is one too many."""
        self._steps -= 1
        if self._steps < 0:
            raise KritiError(Failure.LIMIT, "The template takes too many steps.", span)

    def make(self, amount: int, span: Span) -> None:
        """`amount` characters or items are made; raises `KritiError` where it is too many."""
        self._size -= amount
        if self._size < 0:
            raise KritiError(Failure.LIMIT, "The template makes too much.", span)

    def measure(self, value: Json, span: Span) -> None:
        """Raises `KritiError` where `value` is too much, written out, or nested too deeply."""
        waiting = [(value, 0)]
        while waiting:
            one, depth = waiting.pop()
            if depth > DEPTH:
                raise KritiError(Failure.LIMIT, "The template nests too deeply.", span)
            self.make(VALUE, span)
            if isinstance(one, str):
                self.make(len(one), span)
            elif isinstance(one, list):
                self.make(VALUE * len(one), span)
                waiting += [(item, depth + 1) for item in one]
            elif isinstance(one, dict):
                self.make(sum(map(len, one)), span)
                waiting += [(item, depth + 1) for item in one.values()]
