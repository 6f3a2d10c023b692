"""Every kind of metadata object through the API: what is replaced is exported as it was."""

import copy

from rowgate.base.json import Json
from tests.integration.admin.conftest import Desk
from tests.metadata_shapes import SHAPES

METADATA = "/v1/metadata"


async def test_export_and_replace_are_inverse_for_every_kind_of_object(empty: Desk) -> None:
    for name, shape in SHAPES.items():
        document = copy.deepcopy(shape)
        answer = await replaced(empty, document)
        assert await empty.do("export_metadata", {}, to=METADATA) == shape, name
        again = await empty.do("export_metadata", {}, to=METADATA)
        assert await replaced(empty, again) == answer, name
        assert await empty.do("export_metadata", {}, to=METADATA) == shape, name


async def replaced(desk: Desk, document: Json) -> Json:
    arguments = {"allow_inconsistent_metadata": True, "metadata": document}
    command = {"type": "replace_metadata", "version": 2, "args": arguments}
    status, answer = await desk.send(command, to=METADATA)
    assert status == 200, answer
    return answer
