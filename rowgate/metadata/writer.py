"""Brings the files of a metadata directory to what a document says, changing no more than that.

Apart from `directory`, which decides what each file shall hold.
"""

from collections import defaultdict
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from rowgate.base.errors import ParseFailed
from rowgate.base.json import Json
from rowgate.metadata.files import (
    fresh,
    fresh_text,
    include,
    include_of,
    key_of,
    plain,
    same,
    text_of,
    write,
)
from rowgate.metadata.layout import SPLIT_LISTS, file_name, identity, may_include, qualified
from rowgate.metadata.tree import DocumentPath, Place, Tree, is_text


class Writer:
    """Writes values into files. `kept` are the files that the document still needs."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.kept: set[Path] = set()

    def file(self, file: Path, value: Json, path: DocumentPath) -> None:
        """Makes the file, with those that it includes, hold `value`, which stands at `path` of the
        document. Where it does already, not a byte is changed; else comments, order and layout
        of the rest stay. Raises `ParseFailed` where a value could not be read back."""
        self.kept.add(file)
        source = self.tree.source(file)
        if source is None:
            write(file, text_of(self._node(None, value, path, file), None))
            return
        before = plain(source.tree)
        tree = self._node(source.tree, value, path, file)
        if same(plain(tree), before):
            return
        try:
            text = text_of(tree, source.text)
        except (YAMLError, ParseFailed):
            text = text_of(self._node(None, value, path, file), None)
        write(file, text)

    def keep(self, file: Path, path: DocumentPath) -> None:
        """Leaves the file alone, with those that it includes."""
        others, self.tree.included = self.tree.included, set()
        self.tree.content(file, path)
        self.kept |= {file, *self.tree.included}
        self.tree.included |= others

    def remove_leftovers(self) -> None:
        """Deletes the files that were included before and are no more, and emptied folders."""
        for file in self.tree.included - self.kept:
            file.unlink(missing_ok=True)
            folder = file.parent
            while folder != self.tree.root and not any(folder.iterdir()):
                folder.rmdir()
                folder = folder.parent

    def _node(self, old: Any, value: Json, path: DocumentPath, file: Path) -> Any:
        target = self.tree.target(old, path, Place(file))
        if target is not None:
            self._include(target, value, path)
            return old
        match value:
            case dict():
                return self._mapping(old, value, path, file)
            case list():
                return self._sequence(old, value, path, file)
            case str() if may_include(path) and include_of(value):
                raise ParseFailed(f"{value} stands where it would include a file", path=path)
            case _:
                return old if same(plain(old), value) else fresh(value)

    def _include(self, target: Path, value: Json, path: DocumentPath) -> None:
        if is_text(target) and isinstance(value, str):
            self.kept.add(target)
            write(target, value)
        else:
            self.file(target, value, path)

    def _mapping(
        self, old: Any, value: dict[str, Json], path: DocumentPath, file: Path
    ) -> CommentedMap:
        node = old if isinstance(old, CommentedMap) else CommentedMap()
        for key in [key for key in node if key_of(key) not in value]:
            del node[key]
        for key, item in value.items():
            existing = node.get(key)
            if existing is None and key in SPLIT_LISTS and path[:1] == ("sources",) == path[:-1]:
                merged = self._new_list(value, key, path, file)
            else:
                merged = self._node(existing, item, (*path, key), file)
            if key not in node or merged is not existing:
                node[fresh_text(key)] = merged
        return node

    def _new_list(self, source: dict[str, Json], key: str, path: DocumentPath, file: Path) -> Any:
        """A source's tables or functions, which had no place yet: a folder with a file an item."""
        relative = f"{file_name(str(source.get('name')))}/{key}/{key}.yaml"
        self.file(file.parent / relative, source[key], (*path, key))
        return include(relative)

    def _sequence(
        self, old: Any, value: list[Json], path: DocumentPath, file: Path
    ) -> CommentedSeq:
        before = old if isinstance(old, CommentedSeq) else CommentedSeq()
        known = self._positions(before, path, file)
        is_split = self._is_split(before, path)
        taken: list[int | None] = []
        nodes = []
        for index, item in enumerate(value):
            places = known[_key(item)]
            position = places.pop(0) if places else None
            taken.append(position)
            if position is None and is_split and isinstance(item, dict):
                nodes.append(self._new_item(item, (*path, index), file))
            else:
                existing = None if position is None else before[position]
                nodes.append(self._node(existing, item, (*path, index), file))
        return _rearranged(before, nodes, taken)

    def _positions(
        self, before: CommentedSeq, path: DocumentPath, file: Path
    ) -> defaultdict[str, list[int]]:
        known: defaultdict[str, list[int]] = defaultdict(list)
        for index, node in enumerate(before):
            content = self.tree.expand(node, (*path, index), Place(file))
            known[_key(content)].append(index)
        return known

    def _is_split(self, before: CommentedSeq, path: DocumentPath) -> bool:
        """Whether new items get files of their own: as the items before, or by the layout."""
        match path:
            case ("sources", int(), str() as key) if key in SPLIT_LISTS:
                return not before or any(include_of(item) for item in before)
            case _:
                return False

    def _new_item(self, item: dict[str, Json], path: DocumentPath, file: Path) -> Any:
        stem = file_name("_".join(qualified(item.get(SPLIT_LISTS[str(path[2])]))))
        used = {str(known).casefold() for known in self.kept | self.tree.included}
        target, number = file.with_name(f"{stem}.yaml"), 2
        while str(target).casefold() in used:
            target, number = file.with_name(f"{stem}_{number}.yaml"), number + 1
        self.file(target, item, path)
        return include(target.name)


def _key(item: Json) -> str:
    return repr(identity(item) or item)


def _rearranged(before: CommentedSeq, nodes: list[Any], taken: list[int | None]) -> CommentedSeq:
    """The sequence of `nodes`, those of `before` (`taken`: their old positions) with comments."""
    if taken == list(range(len(before))):
        for index, node in enumerate(nodes):
            if node is not before[index]:
                before[index] = node
        return before
    after = CommentedSeq(nodes)
    if before.fa.flow_style():
        after.fa.set_flow_style()
    after.ca.comment = before.ca.comment
    for index, position in enumerate(taken):
        if position in before.ca.items:
            after.ca.items[index] = before.ca.items[position]
    return after
