import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from bridge.library import MANIFEST

ROOT = MANIFEST.parent


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


def test_an_installed_wheel_brings_manifest_models_and_demo(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
        names = set(archive.namelist())
    assert "bridge/demo/audio/input.flac" in names
    assert "bridge/demo/audio/CREDITS.md" in names
    assert not any(name.startswith(("tests/", "data/", "runs/")) for name in names)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "bridge", "plugins", "--json"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    listed = json.loads(done.stdout)
    plugins = {entry["id"]: entry for entry in listed["plugins"]}
    assert plugins["mda-overdrive"]["model"] == "mda-overdrive"
    assert {rig["id"] for rig in listed["rigs"]} == {"guitar-amp", "mda-amp", "vocal"}
    assert (tmp_path / "bridge" / "data" / "exported_models" / "encoder" / "card.json").exists()


def test_the_bridge_needs_neither_torch_nor_qt() -> None:
    program = (
        "import sys\n"
        "import bridge.cli.app\n"
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
            if f"import {library}" in text or f"from {library}" in text:
                assert package == owner, f"{path} imports {library}, which is for {owner}"
        for higher in ("training", "gui", "torch", "PyQt6"):
            assert f"import {higher}" not in text, path
            assert f"from {higher}" not in text, path
        if package in ("hosts", "models", "analysis", "effects", "audio", "osc"):
            assert "from bridge.engine" not in text, path
