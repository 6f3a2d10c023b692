"""Signing keys: their files, rotation, and what other processes see."""

import stat
import time
from pathlib import Path
from uuid import UUID

import jwt
import pytest

from auth import __main__ as command
from auth.keys import KEPT_SECONDS, KeyRing, SigningKey, make_key
from auth.tokens import Mint
from auth.users import User
from service.failures import Refusal
from service.settings import SettingsError

SOMEBODY = User(UUID(int=1), "somebody", "user", ("user", "analyst"), suspended=False)


def opened(directory: Path, activation_seconds: float = 0) -> KeyRing:
    """A ring over that directory."""
    ring = KeyRing(directory, activation_seconds)
    ring.open()
    return ring


def mint(ring: KeyRing) -> Mint:
    """A mint with those keys."""
    return Mint(ring, "https://auth.test", "rowgate", 900)


def kid_of(token: str) -> str:
    """The key that signed."""
    kid: str = jwt.get_unverified_header(token)["kid"]
    return kid


def test_the_first_start_makes_a_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    ring = opened(tmp_path / "keys")
    [key] = ring.published()
    assert stat.S_IMODE(key.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.path.parent.stat().st_mode) == 0o700
    assert [one.kid for one in opened(tmp_path / "keys").published()] == [key.kid]


def test_a_key_that_others_read_is_refused(tmp_path: Path) -> None:
    key = make_key(tmp_path)
    key.path.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        opened(tmp_path)


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_file_that_is_no_key_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "000000000000001.x.pem"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(SettingsError, match=path.name):
        opened(tmp_path)


def aged(key: SigningKey, seconds: float) -> None:
    """Make a key as old as that; its age stands in the name of its file."""
    made_at = int((time.time() - seconds) * 1000)
    key.path.rename(key.path.with_name(f"{made_at:015d}.{key.kid}.pem"))


def test_a_new_key_is_published_first_and_signs_later(tmp_path: Path) -> None:
    old = make_key(tmp_path)
    aged(old, 7200)
    ring = opened(tmp_path, activation_seconds=3600)
    early = mint(ring).access_token(SOMEBODY)
    new = ring.rotate()
    assert {key["kid"] for key in ring.jwks()["keys"]} == {old.kid, new.kid}
    assert kid_of(mint(ring).access_token(SOMEBODY)) == old.kid
    aged(new, 3601)
    ring = opened(tmp_path, activation_seconds=3600)
    late = mint(ring).access_token(SOMEBODY)
    assert kid_of(late) == new.kid
    for token in (early, late):
        assert mint(ring).read(token).user_id == SOMEBODY.id


def test_a_running_process_sees_the_key_of_another(tmp_path: Path) -> None:
    running, other = opened(tmp_path), opened(tmp_path)
    made = other.rotate()
    time.sleep(1.1)
    assert running.by_id(made.kid) is not None
    assert running.signing().kid == made.kid


def test_keys_superseded_for_a_day_are_dropped(tmp_path: Path) -> None:
    ring = opened(tmp_path)
    [first] = ring.published()
    second = ring.rotate()
    for key, age in ((first, 3 * KEPT_SECONDS), (second, 2 * KEPT_SECONDS)):
        aged(key, age)
    third = opened(tmp_path).rotate()
    assert [key.kid for key in opened(tmp_path).published()] == [second.kid, third.kid]


def test_the_command_rotates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUTH_PRIVATE_KEY_DIR", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["auth", "rotate"])
    command.main()
    keys = opened(tmp_path).published()
    assert keys[-1].kid in capsys.readouterr().out
    assert len(keys) == 2


def test_another_ring_issuer_or_audience_is_refused(tmp_path: Path) -> None:
    ours = mint(opened(tmp_path / "ours"))
    theirs = opened(tmp_path / "theirs")
    for stranger in (
        mint(theirs),
        Mint(ours.keys, "https://other.test", "rowgate", 900),
        Mint(ours.keys, "https://auth.test", "other", 900),
        Mint(ours.keys, "https://auth.test", "rowgate", -1),
    ):
        with pytest.raises(Refusal) as caught:
            ours.read(stranger.access_token(SOMEBODY))
        assert caught.value.status_code == 401


def test_a_key_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="AUTH_PRIVATE_KEY_DIR"):
        opened(tmp_path / "file" / "keys")
