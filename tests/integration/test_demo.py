import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bridge.analysis.metrics import style_distance
from bridge.audio.files import read_audio
from bridge.demo.run import INPUT, first_case
from bridge.effects import load_effect
from bridge.effects.base import Effect
from bridge.errors import EffectError
from bridge.manifest import PluginSpec
from tests.integration.commands import PATIENCE_S


def test_an_interrupted_demo_keeps_the_last_result(tmp_path: Path) -> None:
    (tmp_path / "processed.wav").write_text("precious")
    # A group of its own gets Ctrl-C as a terminal sends it: to the demo and both its children.
    demo = subprocess.Popen(
        [sys.executable, "-m", "bridge", "demo", "--out", tmp_path],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert demo.stdout
    assert "playing" in demo.stdout.readline()
    time.sleep(3)
    os.killpg(demo.pid, signal.SIGINT)
    _, err = demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode == 130
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["processed.wav"]
    assert (tmp_path / "processed.wav").read_text() == "precious"


def test_without_lv2_the_demo_has_a_plugin_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(plugin: PluginSpec) -> Effect:
        if plugin.formats.builtin is None:
            raise EffectError(f"{plugin.id} is not installed")
        return load_effect(plugin)

    monkeypatch.setattr("bridge.demo.run.load_effect", missing)
    reference, truth = first_case()
    assert truth.plugin.id == "pedalboard-distortion"
    dry, rate = read_audio(INPUT)
    made, _ = read_audio(reference)
    wet = load_effect(truth.plugin).render(dry, rate, truth)
    assert style_distance((wet, rate), (made, rate)) < 0.5 * style_distance(
        (dry, rate), (made, rate)
    )
