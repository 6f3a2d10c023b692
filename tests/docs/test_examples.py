"""Every example of the documentation is sent to a running engine, and its answer is compared."""

import json
import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from db.seeds.rows import key
from rowgate.metadata.directory import load
from rowgate.metadata.read import read
from rowgate.snapshot.actions import check_action
from tests.docs.pages import ROOT, Block, blocks, guides, pages
from tests.e2e.conftest import Running

Json = Any
REFERENCE = [page for page in pages() if page not in guides()]
EXAMPLES = [block for page in REFERENCE for block in blocks(page)]
WITH_GRAPHQL = [
    page for page in REFERENCE if any(block.language == "graphql" for block in blocks(page))
]
WITH_CURL = [block for block in EXAMPLES if re.search(r"^curl ", block.text, re.M)]
COMMANDS = [block for block in EXAMPLES if "send" in block.options]
METADATA = [block for block in EXAMPLES if block.language == "yaml"]


def _named(item: Path | Block) -> str:
    return item.place if isinstance(item, Block) else str(item.relative_to(ROOT))


def _answer_after(block: Block) -> Json:
    """The JSON block that follows `block` at once; None where another block does."""
    for one, following in pairwise(blocks(block.page)):
        if one is block and following.language == "json":
            return json.loads(following.text)
    return None


@pytest.mark.parametrize("page", WITH_GRAPHQL, ids=_named)
def test_graphql_examples_answer_as_shown(page: Path, run: Running) -> None:
    for block in blocks(page):
        if block.language != "graphql":
            continue
        shown = _answer_after(block)
        assert shown is not None, f"{block.place}: an example needs its answer"
        assert run.graphql(block.text, headers=_headers(block, run)) == shown, block.place


def _headers(block: Block, run: Running) -> dict[str, str]:
    role = block.options.get("role", "admin")
    if role == "anonymous":
        return {}
    headers = {
        "x-hasura-admin-secret": run.secrets["HASURA_GRAPHQL_ADMIN_SECRET"],
        "x-hasura-role": role,
    }
    if user := block.options.get("user"):
        headers["x-hasura-user-id"] = str(key("user", user))
    return headers


@pytest.mark.parametrize("block", WITH_CURL, ids=_named)
def test_curl_examples_answer_as_shown(block: Block, run: Running) -> None:
    for line in block.text.replace("\\\n", " ").splitlines():
        if line.startswith("curl "):
            answer = _sent(shlex.split(line), run)
            assert answer.status_code == 200, (block.place, answer.text)
            shown = _answer_after(block)
            if shown is not None:
                assert answer.json() == shown, block.place


@pytest.mark.parametrize("block", COMMANDS, ids=_named)
def test_commands_answer_as_shown(block: Block, run: Running) -> None:
    headers = {"x-hasura-admin-secret": run.secrets["HASURA_GRAPHQL_ADMIN_SECRET"]}
    url = f"{run.urls['engine']}/v1/{block.options['send']}"
    answer = httpx.post(url, content=block.text, headers=headers, timeout=30)
    assert (answer.status_code, answer.json()) == (200, _answer_after(block)), block.place


def _sent(words: list[str], run: Running) -> httpx.Response:
    """What `curl` would be answered: the options that examples use, and no others."""
    url, headers, data = "", {}, None
    rest = words[1:]
    while rest:
        word = rest.pop(0)
        match word:
            case "-s" | "-sf" | "-sS":
                continue
            case "-d":
                data = _filled(rest.pop(0), run)
            case "-H":
                name, _, value = _filled(rest.pop(0), run).partition(":")
                headers[name.strip()] = value.strip()
            case _:
                assert word.startswith("http://127.0.0.1:"), f"curl option {word} is not known here"
                url = _placed(word, run)
    if data is None:
        return httpx.get(url, headers=headers, timeout=30)
    return httpx.post(url, content=data, headers=headers, timeout=30)


def _placed(url: str, run: Running) -> str:
    usual = {"8080": "engine", "8081": "auth", "8082": "actions"}
    port, slash, path = url.removeprefix("http://127.0.0.1:").partition("/")
    return run.urls[usual[port]] + slash + path


def _filled(text: str, run: Running) -> str:
    return re.sub(r"\$(\w+)", lambda one: run.secrets[one[1]], text)


@pytest.mark.parametrize("block", METADATA, ids=_named)
def test_metadata_examples_can_be_read(block: Block, tmp_path: Path) -> None:
    """A block says with `as=` what it is: a table file, or a member of the whole document."""
    value = YAML(typ="safe").load(block.text)
    kind = block.options["as"]
    table = {"table": {"name": "animals", "schema": "shelter"}}
    document: dict[str, Json] = {"version": 3, "sources": []}
    match kind:
        case "table":
            document["sources"] = [{"name": "default", "kind": "postgres", "tables": [value]}]
        case "table-part":
            document["sources"] = [
                {"name": "default", "kind": "postgres", "tables": [table | value]}
            ]
        case "document":
            document |= value
        case "actions":
            document |= _actions(block, tmp_path)
        case _:
            pytest.fail(f"{block.place}: as={kind} is not known")
    metadata = read(document)
    assert metadata.problems == ()
    assert [check_action(one, metadata.custom_types) for one in metadata.actions] == list(
        metadata.actions
    )


def _actions(block: Block, folder: Path) -> dict[str, Json]:
    """What a directory holds whose `actions.yaml` is `block`, its `actions.graphql` the types
    shown before it."""
    [types] = [one for one in blocks(block.page) if one.language == "graphql-schema"]
    (folder / "version.yaml").write_text("version: 3\n")
    (folder / "actions.yaml").write_text(block.text)
    (folder / "actions.graphql").write_text(types.text)
    loaded = load(folder)
    assert len(loaded["actions"]) == 1
    return {key: loaded[key] for key in ("actions", "custom_types")}


def test_every_json_block_is_json() -> None:
    for block in EXAMPLES:
        if block.language == "json":
            json.loads(block.text)
