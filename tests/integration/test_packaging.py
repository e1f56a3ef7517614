import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from bridge.demo.run import INPUT, REFERENCE
from bridge.library import MANIFEST
from bridge.version import __version__

# In one worker, which builds and installs the wheel once.
pytestmark = pytest.mark.xdist_group("packaging")
ROOT = MANIFEST.parent
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of an environment of its own, with this wheel installed.

    Its dependencies are those of this environment, by a path: tests need no network.
    """
    folder = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(folder, symlinks=True)
    scripts = Path(sysconfig.get_path("scripts", "venv", {"base": str(folder)}))
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
    # A .pth of this environment that names the checkout is not read from there.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = (sys.executable, "-m", "pip", "--quiet", "--python", scripts / "python")
    install = ("install", "--no-deps", "--no-index", "--no-compile", wheel)
    subprocess.run([*pip, *install], check=True, timeout=120)
    return scripts


@pytest.fixture
def run(installed: Path, tmp_path: Path) -> Run:
    """Run an installed command in an empty folder outside the checkout."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}

    def run_installed(command: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [installed / command, *map(str, arguments)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )

    return run_installed


def test_a_wheel_holds_what_a_user_needs_and_no_more(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        code = b"".join(archive.read(name) for name in names if name.endswith(".py"))
    assert {
        "bridge/data/plugins_manifest.yaml",
        "bridge/data/exported_models/encoder/model.onnx",
        "bridge/data/exported_models/critic/card.json",
        "bridge/data/exported_models/mda-overdrive/map/points.npz",
        "bridge/data/hosts/DafxBridge.ReaperOSC",
        "bridge/data/hosts/ardour.md",
        "bridge/data/hosts/ardour-template/dafx-bridge/dafx-bridge.template",
        "bridge/demo/audio/input.flac",
        "bridge/demo/audio/CREDITS.md",
        "gui/icons/locked.svg",
    } <= names
    assert {name.split("/")[0].split(".dist-info")[0] for name in names} == {
        "bridge",
        "gui",
        f"dafx_bridge-{__version__}",
    }
    assert b"import torch" not in code


def test_an_installed_bridge_matches_and_tells_what_it_has(run: Run, tmp_path: Path) -> None:
    files = (INPUT, REFERENCE, "--out", "wet.wav")
    done = run("dafx-bridge", "match", *files, "--plugin", "mda-overdrive", "--budget-s", 0)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "wet.wav").stat().st_size > 0
    done = run("dafx-bridge", "gui", "--help")
    assert (done.returncode, "--port" in done.stdout) == (0, True)
    done = run("dafx-bridge", "doctor", "--json")
    assert done.returncode == 0, done.stdout
    told = json.loads(done.stdout)
    assert told["ok"]
    findings = {finding["about"]: finding for finding in told["findings"]}
    assert str(ROOT) not in findings["files"]["told"]
    assert findings["models"]["state"] == "ok"
    assert all(finding["todo"] for finding in findings.values() if finding["state"] != "ok")
    done = run("dafx-train")
    assert (done.returncode, "needs a checkout" in done.stderr) == (1, True)


@pytest.mark.timeout(120)
def test_an_installed_demo_brings_the_input_nearer_to_the_reference(
    run: Run, tmp_path: Path
) -> None:
    out = tmp_path / "demo"
    done = run("dafx-bridge", "demo", "--out", out)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        "picture.png",
        "processed.wav",
        "report.json",
    ]
    report = json.loads((out / "report.json").read_text())
    distance = report["distance"]
    assert distance["true_parameters"] < distance["before"]
    gained = distance["before"] - distance["after"]
    assert gained > 0.7 * (distance["before"] - distance["true_parameters"])
    for row in report["parameters"].values():
        assert abs(row["predicted"] - row["true"]) < 0.25
    assert report["live"]["lost"] == 0
    dry, wet = soundfile.info(INPUT), soundfile.info(out / "processed.wav")
    assert (wet.frames, wet.samplerate, wet.channels) == (dry.frames, dry.samplerate, dry.channels)
    assert (out / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_the_bridge_needs_neither_torch_nor_qt() -> None:
    program = (
        "import sys\n"
        "from importlib import import_module\n"
        "from bridge.cli.app import SUMMARIES\n"
        "[import_module(f'bridge.cli.{name}') for name in SUMMARIES]\n"
        "bad = {'torch', 'PyQt6', 'training', 'gui', 'matplotlib'} & set(sys.modules)\n"
        "assert not bad, bad\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, timeout=60)


def test_the_modules_of_the_bridge_import_only_downwards() -> None:
    """Arrows of the house: nothing but `models` imports onnxruntime, only `osc` pythonosc, …"""
    owners = {
        "onnxruntime": "models",
        "pythonosc": "osc",
        "pedalboard": "effects",
        "ctypes": "effects",
        "rtmixer": "audio",
        "sounddevice": "audio",
    }
    for path in (ROOT / "bridge").rglob("*.py"):
        text = path.read_text()
        package = path.relative_to(ROOT / "bridge").parts[0]
        for library, owner in owners.items():
            if re.search(rf"^\s*(import|from) {library}\b", text, re.MULTILINE):
                assert package == owner, f"{path} imports {library}, which is for {owner}"
        for higher in ("training", "gui", "torch", "PyQt6"):
            assert f"import {higher}" not in text, path
            assert f"from {higher}" not in text, path
        if package in ("hosts", "models", "analysis", "effects", "audio", "osc"):
            assert "from bridge.engine" not in text, path
