"""Every mistake a user can make: one line, its exit code, and nothing lost."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bridge.errors import (
    AudioError,
    BridgeError,
    DeviceError,
    EffectError,
    HostError,
    ManifestError,
    ModelError,
)
from bridge.library import MANIFEST, MODELS
from bridge.osc import OscSocket
from tests.integration.commands import host_running, run, run_inside

TONE = np.sin(np.arange(4 * 48_000) / 20).astype(np.float32)[None] * 0.3


@pytest.fixture
def files(write_wav: Callable[..., Path], tmp_path: Path) -> dict[str, Path]:
    nan = TONE.copy()
    nan[0, 5] = np.nan
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF nonsense")
    return {
        "good": write_wav("good.wav", TONE),
        "short": write_wav("short.wav", TONE[:, :48_000]),
        "empty": write_wav("empty.wav", TONE[:, :0]),
        "silent": write_wav("silent.wav", TONE * 0),
        "nan": write_wav("nan.wav", nan),
        "broken": broken,
        "missing": tmp_path / "missing.wav",
        "folder": tmp_path,
    }


def check(done: subprocess.CompletedProcess[str], kind: type[BridgeError], says: str) -> None:
    assert done.returncode == kind.exit_code, done.stderr
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    assert says in lines[0]


UNUSABLE = [
    ("empty", "holds no audio"),
    ("silent", "is silent"),
    ("nan", "NaN"),
    ("broken", "cannot be read as audio"),
    ("missing", "no such file"),
    ("folder", "is not a file"),
]


@pytest.mark.parametrize(("which", "says"), [*UNUSABLE, ("short", "the model needs 2.73 s")])
def test_a_reference_that_cannot_be_used(files: dict[str, Path], which: str, says: str) -> None:
    out = files["folder"] / "out.wav"
    out.write_text("precious")
    done = run_inside(
        "match", files["good"], files[which], "--plugin", "mda-overdrive", "--out", out
    )
    check(done, AudioError, says)
    assert str(files[which]) in done.stderr
    assert out.read_text() == "precious"


@pytest.mark.parametrize(("which", "says"), UNUSABLE)
def test_an_input_that_cannot_be_used(files: dict[str, Path], which: str, says: str) -> None:
    out = files["folder"] / "out.wav"
    done = run_inside(
        "match", files[which], files["good"], "--plugin", "mda-overdrive", "--out", out
    )
    check(done, AudioError, says)
    assert not out.exists()


def test_out_must_not_overwrite_what_is_read(files: dict[str, Path]) -> None:
    before = files["good"].read_bytes()
    arguments = ("match", files["good"], files["good"], "--plugin", "mda-overdrive")
    check(run_inside(*arguments, "--out", files["good"]), AudioError, "is also read from")
    assert files["good"].read_bytes() == before


def test_out_in_a_missing_folder(files: dict[str, Path]) -> None:
    out = files["folder"] / "no" / "out.wav"
    done = run_inside(
        "match", files["good"], files["good"], "--plugin", "mda-overdrive", "--out", out
    )
    check(done, AudioError, "cannot be written")


def test_an_unknown_plugin(files: dict[str, Path]) -> None:
    out = files["folder"] / "out.wav"
    done = run_inside("match", files["good"], files["good"], "--plugin", "fuzz", "--out", out)
    check(done, ManifestError, "unknown plugin 'fuzz'")


def test_an_lv2_plugin_that_is_not_installed(files: dict[str, Path]) -> None:
    out = files["folder"] / "out.wav"
    environment = os.environ | {"LV2_PATH": "/nowhere"}
    arguments = ("match", files["good"], files["good"], "--plugin", "mda-overdrive", "--out", out)
    check(run(*arguments, env=environment), EffectError, "is not installed")
    done = run("host", "--plugin", "mda-overdrive", "--port", "0", env=environment)
    check(done, EffectError, "apt install")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the bridge, with its manifest and models, that a test may spoil."""
    copy = tmp_path / "copy"
    shutil.copytree(MANIFEST.parent / "bridge", copy / "bridge")
    shutil.copytree(MODELS, copy / "exported_models")
    shutil.copy(MANIFEST, copy)
    return copy


def run_copy(checkout: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bridge", *map(str, arguments)],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("model", ["encoder", "mda-overdrive"])
def test_a_corrupt_model(files: dict[str, Path], checkout: Path, model: str) -> None:
    path = checkout / "exported_models" / model / "model.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    out = files["folder"] / "out.wav"
    arguments = ("match", files["good"], files["good"], "--plugin", "mda-overdrive", "--out", out)
    check(run_copy(checkout, *arguments), ModelError, str(path))
    assert not out.exists()


def test_a_plugin_without_a_model(files: dict[str, Path], checkout: Path) -> None:
    path = checkout / "plugins_manifest.yaml"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("    model:")))
    out = files["folder"] / "out.wav"
    arguments = ("match", files["good"], files["good"], "--plugin", "mda-overdrive", "--out", out)
    alone = run_copy(checkout, *arguments, "--budget-s", "0")
    check(alone, ModelError, "no model answers for this chain by itself")
    assert not out.exists()
    assert run_copy(checkout, *arguments).returncode == 0
    assert out.exists()


def test_a_broken_manifest(checkout: Path) -> None:
    path = checkout / "plugins_manifest.yaml"
    path.write_text(path.read_text().replace("min: 0.0", "min: 7.0", 1))
    check(run_copy(checkout, "plugins"), ManifestError, f"{path}, mda-overdrive, drive: min 7")


LIVE = ("live", "--plugin", "mda-overdrive")


def test_no_host_at_the_address(files: dict[str, Path]) -> None:
    with OscSocket() as deaf:
        url = f"embedded://127.0.0.1:{deaf.port}"
        arguments = ("--reference", files["good"], "--input", files["good"], "--host", url)
        check(run(*LIVE, *arguments), HostError, "start it with `dafx-bridge host")
    arguments = ("--reference", files["good"], "--input", files["good"], "--host", "nonsense")
    check(run(*LIVE, *arguments), HostError, "is not a host URL")


def test_live_tells_what_is_missing(files: dict[str, Path]) -> None:
    good = str(files["good"])
    with host_running("mda-overdrive") as (_, port):
        usual = {
            "--plugin": "mda-overdrive",
            "--reference": good,
            "--input": good,
            "--host": f"embedded://127.0.0.1:{port}",
        }

        def live(**other: str) -> subprocess.CompletedProcess[str]:
            options = usual | {f"--{name}": value for name, value in other.items()}
            return run("live", *(word for option in options.items() for word in option))

        check(live(plugin="fuzz"), ManifestError, "unknown plugin 'fuzz'")
        check(live(reference=str(files["silent"])), AudioError, "is silent")
        check(live(input="no such device"), DeviceError, "no input device")
        check(live(input="take.wav"), AudioError, "no such file")
        check(live(channels="none"), BridgeError, "channels are 'first', or numbers")
        check(live(plugin="mda-delay"), HostError, "")
        assert live(input="").returncode == 2
        assert live(averaging="61").returncode == 2
        assert live(rig="guitar-amp").returncode == 2


def test_live_tells_of_a_corrupt_model(files: dict[str, Path], checkout: Path) -> None:
    path = checkout / "exported_models" / "mda-overdrive" / "model.onnx"
    path.write_bytes(path.read_bytes()[:-100])
    arguments = ("--reference", files["good"], "--input", files["good"], "--host", "embedded://x")
    check(run_copy(checkout, *LIVE, *arguments), ModelError, str(path))


def test_no_such_input(files: dict[str, Path]) -> None:
    host = ("host", "--plugin", "mda-overdrive", "--port", "0", "--input")
    check(run_inside(*host, "take.wav"), AudioError, "no such file")
    check(run_inside(*host, "no such device"), DeviceError, "no input device")
    check(run_inside(*host, "987"), DeviceError, "no input device")
    check(run_inside(*host, files["broken"]), AudioError, "cannot be read as audio")


def test_the_host_does_not_overwrite_its_input(files: dict[str, Path]) -> None:
    before = files["good"].read_bytes()
    arguments = ("--input", files["good"], "--out", files["good"])
    check(
        run_inside("host", "--plugin", "mda-overdrive", *arguments), AudioError, "is also read from"
    )
    assert files["good"].read_bytes() == before


def test_a_full_disk_keeps_the_old_file(files: dict[str, Path]) -> None:
    out = files["folder"] / "out.wav"
    out.write_text("precious")

    def allow_100_kb() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    arguments = ("match", files["good"], files["good"], "--plugin", "mda-overdrive", "--out", out)
    check(run(*arguments, preexec_fn=allow_100_kb), AudioError, "cannot be written")
    assert out.read_text() == "precious"
    assert not list(files["folder"].glob(".*"))


def test_one_frame_is_too_little(files: dict[str, Path], write_wav: Callable[..., Path]) -> None:
    one, out = write_wav("one.wav", TONE[:, 30:31], 96_000), files["folder"] / "out.wav"
    done = run_inside("match", one, files["good"], "--plugin", "mda-overdrive", "--out", out)
    assert done.returncode in (0, AudioError.exit_code)
    assert "Traceback" not in done.stderr


def test_a_folder_one_may_not_enter(files: dict[str, Path]) -> None:
    name = "x" * 300
    out = files["folder"] / "out.wav"
    done = run_inside("match", name, files["good"], "--plugin", "mda-overdrive", "--out", out)
    check(done, AudioError, "cannot be read as audio")
    done = run_inside(
        "match", files["good"], files["good"], "--plugin", "mda-overdrive", "--out", name
    )
    check(done, AudioError, "cannot be written")


def test_the_demo_says_what_is_wrong_once(checkout: Path) -> None:
    (checkout / "exported_models" / "encoder" / "model.onnx").write_bytes(b"x")
    done = run_copy(checkout, "demo", "--out", checkout / "demo")
    assert done.returncode == ModelError.exit_code
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_port_that_is_taken(files: dict[str, Path]) -> None:
    with OscSocket() as other:
        done = run_inside("host", "--plugin", "mda-overdrive", "--port", other.port)
        check(done, HostError, "choose another with --port")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("sing",),
        ("match", "a.wav"),
        ("live", "--amount", "2"),
        ("match", "a.wav", "b.wav", "--plugin", "p", "--out", "o.wav", "--budget-s", "-1"),
        ("host", "--plugin", "mda-overdrive", "--port", "x"),
    ],
)
def test_wrong_usage_exits_with_2(arguments: tuple[str, ...]) -> None:
    done = run_inside(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
