"""A metadata directory as one JSON document, and back (Hasura CLI's layout, configuration v3)."""

from pathlib import Path

from rowgate.base.errors import NotFound, ParseFailed
from rowgate.base.json import Json
from rowgate.metadata import sdl
from rowgate.metadata.files import same, write
from rowgate.metadata.layout import (
    ACTIONS_FILE,
    ACTIONS_TEXT,
    SECTIONS,
    SOURCES_FILE,
    VERSION,
    VERSION_FILE,
)
from rowgate.metadata.places import PlacedTree, Places
from rowgate.metadata.tree import Tree
from rowgate.metadata.writer import Writer

_ACTION_KEYS = ("actions", "custom_types")


def load(directory: Path) -> Json:
    """The document of a directory, in the form of `export_metadata`: what is empty is absent, but
    for `sources`; an action says its type.

    Raises `NotFound` where there is no directory, and `ParseFailed` naming file and line where a
    file is no YAML, has an include that leads nowhere or out of the directory, or holds a value
    that JSON has not.
    """
    if not directory.is_dir():
        raise NotFound(f"there is no metadata directory {directory.name}")
    return _load(Tree(directory))


def located(directory: Path) -> tuple[Json, Places]:
    """As `load`, with the file and line of every part of the document. Raises the same."""
    if not directory.is_dir():
        raise NotFound(f"there is no metadata directory {directory.name}")
    tree = PlacedTree(directory)
    document = _load(tree)
    return document, Places(tree.root, tree.places)


def _load(tree: Tree) -> dict[str, Json]:
    _check_version(tree)
    sources = tree.content(tree.root / SOURCES_FILE, ("sources",))
    document = {"version": VERSION, "sources": [] if sources is None else sources}
    for section in SECTIONS:
        content = tree.content(tree.root / section.file, (section.key,))
        if content and content != section.empty:
            document[section.key] = content
    return {**document, **_load_actions(tree)}


def _check_version(tree: Tree) -> None:
    content = tree.content(tree.root / VERSION_FILE, ())
    found = content.get("version") if isinstance(content, dict) else content
    if found not in (None, VERSION):
        raise ParseFailed(f"{VERSION_FILE}: only version {VERSION} is supported, not {found}")


def _load_actions(tree: Tree) -> dict[str, Json]:
    halves = tree.content(tree.root / ACTIONS_FILE, ())
    _check_actions({} if halves is None else halves, f"{ACTIONS_FILE}: ")
    return sdl.join(tree.text(tree.root / ACTIONS_TEXT) or "", halves or {})


def _check_actions(halves: Json, where: str) -> None:
    """Raises `ParseFailed` where actions and types are not lists of objects."""
    custom = halves.get("custom_types") or {} if isinstance(halves, dict) else None
    if custom is None or not isinstance(custom, dict):
        raise ParseFailed(f"{where}expected an object with actions and custom_types")
    for items in (halves.get("actions"), *(custom.get(kind) for kind in sdl.KINDS)):
        if not all(isinstance(item, dict) for item in _as_list(items, where)):
            raise ParseFailed(f"{where}actions and types are lists of objects")


def _as_list(items: Json, where: str) -> list[Json]:
    if items is not None and not isinstance(items, list):
        raise ParseFailed(f"{where}actions and types are lists of objects")
    return items or []


def save(document: Json, directory: Path) -> None:
    """Makes the directory hold the document: `load` gives it back.

    A file that says already what it should keeps every byte; of others, comments and order of
    what stays. What is new is laid out as the CLI does, with one file a table and a function;
    files of what is gone are deleted. Raises `ParseFailed` where the directory as it is cannot be
    read, or the document has a part that no file can hold.
    """
    unknown = set(document) - {"version", "sources", *_ACTION_KEYS}
    unknown -= {section.key for section in SECTIONS}
    if unknown:
        raise ParseFailed(f"a metadata directory has no file for '{min(unknown)}'")
    _check_actions(document, "")
    directory.mkdir(parents=True, exist_ok=True)
    tree = Tree(directory)
    before = _load(tree)
    writer = Writer(tree)
    _save_sections(document, before, writer)
    _save_actions(document, before, writer)
    writer.remove_leftovers()


def _save_sections(document: Json, before: Json, writer: Writer) -> None:
    """Files of empty sections are made only where the whole directory is new."""
    root = writer.tree.root
    is_new = not (root / VERSION_FILE).exists()
    if is_new:
        write(root / VERSION_FILE, f"version: {VERSION}\n")
    writer.file(root / SOURCES_FILE, document.get("sources") or [], ("sources",))
    for section in SECTIONS:
        value = document.get(section.key) or section.empty
        was = before.get(section.key, section.empty)
        if is_new or not same(value, was):
            writer.file(root / section.file, value, (section.key,))
        else:
            writer.keep(root / section.file, (section.key,))


def _save_actions(document: Json, before: Json, writer: Writer) -> None:
    root = writer.tree.root
    text_file = root / ACTIONS_TEXT
    existing = writer.tree.text(text_file)
    text, halves = sdl.split(document)
    was = {key: before[key] for key in _ACTION_KEYS if key in before}
    if existing is not None and same(sdl.join(text, halves), was):
        writer.keep(root / ACTIONS_FILE, ())
        return
    if existing is None or not sdl.same_text(existing, text):
        write(text_file, text)
    writer.file(root / ACTIONS_FILE, halves, ())
