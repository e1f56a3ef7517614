"""What foreign plugins bring with them."""

import os
import sys
from pathlib import Path

from tests.faults.acts import Act, apart
from tests.faults.row import Outcome, Room, Row

FOLDERS = {"LV2_PATH": "{home}/lv2:/usr/lib/lv2"}
_LILV = "lilv_"
BROKEN = """\
@prefix lv2: <http://lv2plug.in/ns/lv2core#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<urn:test:worse> a lv2:Plugin ; lv2:binary <none.so> ; rdfs:seeAlso <none.ttl> .
"""
OTHERS = """
import os, subprocess, sys, threading
from bridge.effects.lilv import lilv
def say():
    while not done.wait(0.001):
        os.write(2, b"ours\\n")
        count.append(1)
count, done = [], threading.Event()
thread = threading.Thread(target=say, daemon=True)
thread.start()
found = lilv().plugin("urn:test:worse")
subprocess.run([sys.executable, "-c", "import sys; print('a child', file=sys.stderr)"], check=True)
assert not lilv().opens(found)
done.set()
thread.join()
print(len(count))
"""

NO_ATOMIC = "raise ImportError('libatomic.so.1: cannot open shared object file')"
FIRST = """
from bridge.control.service import _first_chain
from bridge.library import Library
print("begins with", _first_chain(Library().manifest))
"""


def broken(room: Room) -> None:
    for name, content in (("bad", "nonsense <<<"), ("worse", BROKEN)):
        bundle = room.home / "lv2" / f"{name}.lv2"
        bundle.mkdir(parents=True)
        (bundle / "manifest.ttl").write_text(content)


def others(room: Room) -> Outcome:
    """Nothing that others say meanwhile is lost."""
    program = room.home / "others.py"
    program.write_text(OTHERS)
    outcome = _script(program)(room)
    assert outcome.err.count("ours") == int(outcome.out)
    return outcome


def _script(program: Path) -> Act:
    return apart(module=str(program), **FOLDERS)


def without_libatomic(room: Room) -> None:
    """As on a bare Debian, where pedalboard lacks a library."""
    package = room.home / "broken" / "pedalboard"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(NO_ATOMIC)


BROKEN_PATH = {"PYTHONPATH": os.pathsep.join(["{home}/broken", *filter(None, sys.path)])}


def without_lv2(room: Room) -> Outcome:
    """As on Windows and macOS: the window begins with a plugin that is there."""
    program = room.home / "first.py"
    program.write_text(FIRST)
    return apart(module=str(program), LV2_PATH="{home}/none")(room)


ROWS = (
    Row(
        "doctor where pedalboard cannot be loaded",
        apart("doctor", **BROKEN_PATH),
        0,
        "file), so neither its effects nor VST3\n        → apt install libatomic1\n",
        given=without_libatomic,
    ),
    Row(
        "match where pedalboard cannot be loaded",
        apart(
            "match",
            "{input}",
            "{reference}",
            "--plugin",
            "pedalboard-delay",
            "--out",
            "{room}/w.wav",
            **BROKEN_PATH,
        ),
        5,
        "pedalboard cannot be loaded (libatomic.so.1: cannot open shared object file): apt install",
        given=without_libatomic,
    ),
    Row("the first chain without LV2", without_lv2, 0, "begins with pedalboard-distortion"),
    Row(
        "lilv complains to nobody",
        apart("plugins", **FOLDERS),
        0,
        "mda-overdrive",
        given=broken,
        never=("Traceback", _LILV, "error:"),
    ),
    Row(
        "what others say while lilv reads",
        others,
        0,
        "a child",
        given=broken,
        never=("Traceback", _LILV, "error:"),
    ),
)
