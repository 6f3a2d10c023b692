"""What an oracle says must be answered: values, lists without an order, refusals."""

from dataclasses import dataclass

from tests.properties.model import Json


class Refused(Exception):
    """The request must be answered with an error that has one of these codes."""

    def __init__(self, *codes: str) -> None:
        super().__init__(*codes)
        self.codes = codes


class Bag(list[Json]):
    """A list whose order nothing decides."""


class Ties(list[Bag]):
    """A list in parts: the order of the parts is decided, that within a part is not."""


@dataclass(frozen=True)
class Encoded:
    """A text that is JSON in base64."""

    value: Json
