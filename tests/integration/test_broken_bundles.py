"""Other people's broken LV2 bundles: lilv's complaints about them stay out of the terminal."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.arrays import Audio
from tests.integration.commands import run

PREFIXES = """
@prefix lv2: <http://lv2plug.in/ns/lv2core#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix doap: <http://usefulinc.com/ns/doap#> .
"""
PORTS = """
<urn:test:{name}> a lv2:Plugin ; doap:name "Broken" ; lv2:port
  [ a lv2:InputPort, lv2:AudioPort ; lv2:index 0 ; lv2:symbol "in" ; lv2:name "in" ] ,
  [ a lv2:OutputPort, lv2:AudioPort ; lv2:index 1 ; lv2:symbol "out" ; lv2:name "out" ] ,
  [ a lv2:InputPort, lv2:ControlPort ; lv2:index 2 ; lv2:symbol "gain" ; lv2:name "gain" ;
    lv2:default 0.5 ; lv2:minimum 0.0 ; lv2:maximum 1.0 ] .
"""
BROKEN = ("ttl", "missing", "library", "symbol")
"""Plugins with a description that is not Turtle, without their library, with one that is none, and
with one that has no plugin in it."""
ENTRY = """
  - id: broken-{name}
    name: Broken
    kind: test
    formats: {{lv2: "urn:test:{name}"}}
    parameters: [{{symbol: gain, name: Gain, min: 0, max: 1, default: 0.5, scale: linear}}]
"""


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken bundles beside the good ones, and a manifest of the user's that names them."""
    folder = tmp_path / "lv2"
    (folder / "manifest.lv2").mkdir(parents=True)
    (folder / "manifest.lv2" / "manifest.ttl").write_text("this is not Turtle [[[")
    for name in BROKEN:
        bundle = folder / f"{name}.lv2"
        bundle.mkdir()
        (bundle / "manifest.ttl").write_text(
            f"{PREFIXES} <urn:test:{name}> a lv2:Plugin ;"
            f" lv2:binary <{name}.so> ; rdfs:seeAlso <{name}.ttl> ."
        )
        description = PREFIXES + PORTS.format(name=name)
        (bundle / f"{name}.ttl").write_text("nonsense [[[" if name == "ttl" else description)
    (folder / "ttl.lv2" / "ttl.so").write_text("")
    (folder / "library.lv2" / "library.so").write_text("no library")
    empty = folder / "symbol.lv2" / "symbol.so"
    source = ["cc", "-shared", "-o", str(empty), "-x", "c", "/dev/null"]
    subprocess.run(source, check=True, timeout=60)
    monkeypatch.setenv("LV2_PATH", os.pathsep.join((str(folder), "/usr/lib/lv2")))
    data = tmp_path / "data" / "dafx-bridge"
    data.mkdir(parents=True)
    entries = "".join(ENTRY.format(name=name) for name in BROKEN)
    (data / "plugins_manifest.yaml").write_text(f"schema: 1\nplugins:{entries}")
    monkeypatch.setenv("XDG_DATA_HOME", str(data.parent))


def test_lilv_does_complain(tmp_path: Path) -> None:
    """Or these tests would show nothing."""
    program = (
        "import bridge.effects.lilv as api, contextlib;"
        "api.quiet = contextlib.nullcontext; api.lilv()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert str(tmp_path) in done.stderr


def test_plugins_lists_them_as_not_installed_and_says_nothing_else() -> None:
    done = run("plugins", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    listed = {row["id"]: row for row in (told["plugins"] if isinstance(told, dict) else told)}
    assert not any(listed[f"broken-{name}"]["installed"] for name in BROKEN)
    assert listed["mda-overdrive"]["installed"]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_one_line(name: str) -> None:
    done = run("host", "--plugin", f"broken-{name}", "--port", 0)
    assert done.returncode == 5
    assert done.stderr.startswith(f"error: broken-{name}: the LV2 plugin urn:test:{name} cannot be")
    assert done.stderr.count("\n") == 1


def test_match_is_quiet(
    guitar: tuple[Audio, int],
    write_wav: Callable[..., Path],
    reference_path: Path,
    tmp_path: Path,
) -> None:
    audio, rate = guitar
    played, out = write_wav("played.wav", audio[:, : 4 * rate], rate), tmp_path / "wet.wav"
    done = run("match", played, reference_path, "--plugin", "mda-overdrive", "--out", out, "--json")
    assert (done.returncode, done.stderr) == (0, "")


def test_our_own_words_are_not_lost() -> None:
    """What is said before, after and by others while plugins are read over and over."""
    program = """
import os, sys, threading
from bridge.effects import load_effect
from bridge.errors import EffectError
from bridge.library import open_library
plugins = [p for p in open_library().manifest.plugins if p.formats.lv2]
def read():
    for plugin in plugins:
        try: load_effect(plugin)
        except EffectError: pass
threads = [threading.Thread(target=read) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("still here", file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == "still here\n"
