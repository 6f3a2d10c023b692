"""Which files changed is told once, and not before they have stayed as they are."""

from pathlib import Path

from rowgate.cli.development.watching import Watched, Watcher


def test_a_change_is_told_once_it_has_settled(tmp_path: Path) -> None:
    watcher = Watcher({"code": Watched((tmp_path,)), "none": Watched((tmp_path / "none",))})
    assert watcher.changed() == frozenset()
    file = tmp_path / "a.py"
    file.write_text("1")
    assert watcher.changed() == frozenset()
    file.write_text("12")
    assert watcher.changed() == frozenset()
    assert watcher.changed() == {"code"}
    assert watcher.changed() == frozenset()
    file.unlink()
    watcher.changed()
    assert watcher.changed() == {"code"}


def test_files_of_other_kinds_do_not_count(tmp_path: Path) -> None:
    watcher = Watcher({"code": Watched((tmp_path,))})
    (tmp_path / "a.txt").write_text("1")
    watcher.changed()
    assert watcher.changed() == frozenset()
