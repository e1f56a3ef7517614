"""Live where nothing is there that only POSIX has, as on Windows.

Its processes are spawned on every system; what is taken away is gone in all of them.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.demo.run import INPUT, REFERENCE
from bridge.library import MANIFEST
from tests.integration.commands import PATIENCE_S, next_line, running

WITHOUT = Path(__file__).parents[1] / "without_posix"


def test_live_decides_takes_orders_and_has_a_host_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(WITHOUT), str(MANIFEST.parent)]))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    gone = "import os, signal; print(hasattr(os, 'nice'), hasattr(signal, 'pthread_sigmask'))"
    assert subprocess.check_output([sys.executable, "-c", gone], text=True) == "False False\n"
    files = ("--input", INPUT, "--reference", REFERENCE, "--host", "embedded")
    with running("live", "--plugin", "mda-overdrive", *files, "--json") as child:
        assert child.stdin
        child.stdin.write("dance\n")
        child.stdin.flush()
        while next_line(child)["decisions"] == 0:
            pass
        child.terminate()
        told, complaints = child.communicate(timeout=PATIENCE_S)
    assert complaints.splitlines() == ["'dance' is not known; say arm, arm PARAMETER or revert"]
    assert child.returncode == 0
    assert json.loads(told.splitlines()[-1])["summary"]["sends"] > 0
