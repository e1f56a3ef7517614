"""What is known of resets, and how it is kept."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.effects import pool
from bridge.manifest import PluginSpec


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where answers are kept; nothing is known yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    pool._answers.cache_clear()
    yield tmp_path / "dafx-bridge"
    pool._answers.cache_clear()


def forget() -> None:
    """As another process begins."""
    pool._answers.cache_clear()


def unexpected() -> bool:
    raise AssertionError("the answer is known")


@pytest.mark.parametrize("answer", [True, False])
def test_a_trial_is_made_once(answer: bool) -> None:
    assert pool.reset_is_fresh("a", lambda: answer) is answer
    assert pool.reset_is_fresh("a", unexpected) is answer
    forget()
    assert pool.reset_is_fresh("a", unexpected) is answer
    assert pool.reset_is_fresh("b", lambda: not answer) is not answer
    forget()
    assert pool.reset_is_fresh("a", unexpected) is answer


@pytest.mark.parametrize("rubbish", [b"", b"[1]", b"{", b"\xff\xfe", b'{"a": "yes"}'])
def test_a_broken_file_is_written_anew(folder: Path, rubbish: bytes) -> None:
    folder.mkdir()
    (folder / "resets.json").write_bytes(rubbish)
    assert pool.reset_is_fresh("a", lambda: True)
    forget()
    assert pool.reset_is_fresh("a", unexpected)


def test_where_nothing_can_be_kept_the_process_remembers(folder: Path) -> None:
    folder.write_text("a file where the folder would be")
    assert pool.reset_is_fresh("a", lambda: True)
    assert pool.reset_is_fresh("a", unexpected)
    forget()
    assert not pool.reset_is_fresh("a", lambda: False)


def test_another_file_another_range_or_another_version_is_another_plugin(
    overdrive: PluginSpec, tmp_path: Path
) -> None:
    bundle = tmp_path / "Plugin.vst3" / "Contents"
    bundle.mkdir(parents=True)
    (binary := bundle / "plugin.so").write_text("one")
    before = pool.fingerprint(overdrive, tmp_path / "Plugin.vst3", "1")
    assert pool.fingerprint(overdrive, tmp_path / "Plugin.vst3", "1") == before
    assert pool.fingerprint(overdrive, tmp_path / "Plugin.vst3", "2") != before
    fewer = overdrive.model_copy(update={"parameters": overdrive.parameters[:2]})
    assert pool.fingerprint(fewer, tmp_path / "Plugin.vst3", "1") != before
    os.utime(binary, ns=(1, 1))
    assert pool.fingerprint(overdrive, tmp_path / "Plugin.vst3", "1") != before
    assert pool.fingerprint(overdrive, binary, "1") != before


def test_few_idle_plugins_are_kept() -> None:
    idle = pool.idle("test")
    assert pool.idle("test") is idle
    idle.extend(range(pool.MOST_IDLE + 3))
    assert len(idle) == pool.MOST_IDLE
    assert idle.pop() == pool.MOST_IDLE + 2
