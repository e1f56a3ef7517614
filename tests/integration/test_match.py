import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from bridge.analysis.metrics import mrstft, style_distance
from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.audio.resample import resample
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.effects import load_chain, load_effect
from bridge.estimate.estimator import Estimator
from bridge.library import Library
from bridge.manifest import Manifest, PluginSpec, Setting
from tests.integration.commands import PATIENCE_S, run, run_inside, run_json, running

ROW = {"address", "slot", "symbol", "normalised", "value", "unit", "confidence"}


def match_alone(source: Path, reference: Path, out: Path) -> Any:
    """The quick way: by the network alone."""
    arguments = ("--plugin", "mda-overdrive", "--out", out, "--budget-s", 0)
    return run_json("match", source, reference, *arguments, inside=True)


def test_match_prints_parameters_and_writes_the_processed_input(
    overdrive: PluginSpec,
    guitar: tuple[Audio, int],
    write_wav: Callable[..., Path],
    reference_path: Path,
    tmp_path: Path,
) -> None:
    source, out = write_wav("dry.wav", *guitar), tmp_path / "wet.wav"
    result = run_json("match", source, reference_path, "--plugin", overdrive.id, "--out", out)
    assert result["chain"] == overdrive.id
    slot = {"slot": overdrive.id, "plugin": overdrive.id, "bypass": False}
    assert result["slots"] == [slot]
    assert (result["bypass"], result["gain_db"]) == (False, 0)
    assert [row["symbol"] for row in result["parameters"]] == ["drive", "muffle", "output"]
    for row in result["parameters"]:
        assert set(row) == ROW
        assert row["address"] == f"{overdrive.id}/{row['symbol']}"
        assert row["slot"] == overdrive.id
        assert 0 <= row["normalised"] <= 1
        assert 0 <= row["confidence"] <= 1
    assert result["distance"]["after"] < result["distance"]["before"]
    assert result["tried"] > 10
    assert 0 < result["seconds"] < 60

    wet, rate = read_audio(out)
    setting = Setting.of_values(overdrive, {r["symbol"]: r["value"] for r in result["parameters"]})
    expected = load_effect(overdrive).render(guitar[0], rate, setting)
    assert mrstft(wet[0], expected[0]) < 0.01
    wanted = read_audio(reference_path)
    assert result["distance"]["after"] == pytest.approx(
        style_distance((wet, rate), wanted), abs=1e-3
    )


@pytest.mark.parametrize(
    ("rate", "channels", "kind"),
    [
        (8_000, 1, "PCM_U8"),
        (22_050, 2, "PCM_16"),
        (48_000, 3, "PCM_24"),
        (96_000, 2, "FLOAT"),
        (192_000, 1, "DOUBLE"),
    ],
)
def test_any_rate_channel_count_and_sample_format_comes_out_as_it_went_in(
    guitar: tuple[Audio, int],
    reference_path: Path,
    tmp_path: Path,
    rate: int,
    channels: int,
    kind: str,
) -> None:
    audio = np.repeat(resample(guitar[0][:, : 4 * guitar[1]], guitar[1], rate), channels, axis=0)
    source, out = tmp_path / "dry.wav", tmp_path / "wet.wav"
    soundfile.write(source, audio.T, rate, subtype=kind)
    result = match_alone(source, reference_path, out)
    wet, its_rate = read_audio(out)
    assert (wet.shape, its_rate) == (audio.shape, rate)
    assert np.isfinite(wet).all()
    assert result["distance"]["after"] < result["distance"]["before"]


@pytest.mark.parametrize("suffix", ["flac", "ogg", "aiff", "mp3"])
def test_other_file_formats_are_read(
    guitar: tuple[Audio, int], reference_path: Path, tmp_path: Path, suffix: str
) -> None:
    source, out = tmp_path / f"dry.{suffix}", tmp_path / "wet.wav"
    soundfile.write(source, guitar[0][:, : 4 * guitar[1]].T, guitar[1])
    match_alone(source, reference_path, out)
    assert read_audio(out)[1] == guitar[1]


@pytest.mark.parametrize("budget_s", [0, 1])
def test_an_input_shorter_than_the_window_is_matched(
    guitar: tuple[Audio, int],
    reference_path: Path,
    write_wav: Callable[..., Path],
    tmp_path: Path,
    budget_s: float,
) -> None:
    source, out = write_wav("short.wav", guitar[0][:, : guitar[1] // 2], guitar[1]), tmp_path / "o"
    arguments = ("--plugin", "mda-overdrive", "--out", out, "--budget-s", budget_s)
    run_json("match", source, reference_path, *arguments, inside=True)
    assert read_audio(out)[0].shape[1] == guitar[1] // 2


def test_trying_settings_brings_it_nearer_than_the_network_alone(
    manifest: Manifest, guitar: tuple[Audio, int], write_wav: Callable[..., Path], tmp_path: Path
) -> None:
    plugin = manifest.plugin("pedalboard-delay")
    audio, rate = guitar
    half = audio.shape[1] // 2
    source, out = write_wav("dry.wav", audio[:, :half], rate), tmp_path / "o"
    effect, distances = load_effect(plugin), []
    for values in ((0.3, 0.4, 0.5), (0.55, 0.2, 0.4), (0.15, 0.6, 0.6)):
        truth = Setting(plugin, values)
        wet = effect.render(audio[:, half:], rate, truth)
        target = effect.render(audio[:, :half], rate, truth)[0]
        asked = ("match", source, write_wav("reference.wav", wet, rate), "--plugin", plugin.id)
        for budget_s in (0, 10):
            run_json(*asked, "--out", out, "--budget-s", budget_s)
            distances.append(mrstft(read_audio(out)[0][0], target))
    alone, tried = np.reshape(distances, (3, 2)).mean(axis=0)
    assert tried < 0.8 * alone


def test_a_rig_is_matched_within_its_budget(
    manifest: Manifest, guitar: tuple[Audio, int], write_wav: Callable[..., Path], tmp_path: Path
) -> None:
    """Of ten plugins two may be left out; most have no model."""
    chain = chain_of("guitar-amp", manifest)
    audio, rate = guitar
    half = audio.shape[1] // 2
    values = {"drive/drive_db": 30.0, "mids/gain_db": 6.0, "cabinet/cutoff_frequency_hz": 3_000.0}
    truth = ChainSetting.of_values(chain, values).without(["delay", "reverb"])
    source, out = write_wav("dry.wav", audio[:, :half], rate), tmp_path / "wet.wav"
    wet = load_chain(chain).render(audio[:, half:], rate, truth)
    reference = write_wav("reference.wav", wet, rate)
    arguments = ("--rig", "guitar-amp", "--out", out, "--budget-s", 6)
    result = run_json("match", source, reference, *arguments)
    assert result["chain"] == "guitar-amp"
    assert [slot["slot"] for slot in result["slots"]] == [slot.id for slot in chain.slots]
    assert [row["address"] for row in result["parameters"]] == [p.address for p in chain.parameters]
    assert result["tried"] > 20
    assert result["seconds"] < 1.2 * 6
    assert result["distance"]["after"] < 0.7 * result["distance"]["before"]

    found = {row["address"]: row["value"] for row in result["parameters"]}
    left_out = [slot["slot"] for slot in result["slots"] if slot["bypass"]]
    setting = ChainSetting.of_values(chain, found).without(left_out)
    expected = load_chain(chain).render(audio[:, :half], rate, setting)
    assert mrstft(read_audio(out)[0][0], expected[0]) < 0.02


def test_a_dry_reference_is_answered_by_bypass_and_its_gain(
    overdrive: PluginSpec, guitar: tuple[Audio, int], write_wav: Callable[..., Path], tmp_path: Path
) -> None:
    audio, rate = guitar
    half = audio.shape[1] // 2
    source, out = write_wav("dry.wav", np.repeat(audio[:, :half], 2, axis=0), rate), tmp_path / "o"
    reference = write_wav("reference.wav", audio[:, half:] * np.float32(0.5), rate)
    result = run_json("match", source, reference, "--plugin", overdrive.id, "--out", out)
    assert result["bypass"]
    assert result["distance"]["after"] <= result["distance"]["before"]
    gain = np.float32(10 ** (result["gain_db"] / 20))
    assert np.abs(read_audio(out)[0] - audio[:, :half] * gain).max() < 1e-3


def test_the_model_finds_settings_it_never_saw(
    overdrive: PluginSpec, guitar: tuple[Audio, int]
) -> None:
    """Over a grid of settings, the answer is nearer to the truth than the constant 0.5."""
    estimator, effect = Estimator(Chain.of_plugin(overdrive)), load_effect(overdrive)
    audio, rate = guitar
    half = audio.shape[1] // 2
    played, other = audio[:, :half], audio[:, half:]
    analysed = estimator.analyse(played, rate, "input")
    errors, constants = [], []
    for values in np.random.default_rng(1).random((20, 3)).tolist():
        truth = Setting(overdrive, tuple(values))
        reference = estimator.analyse(effect.render(other, rate, truth), rate, "reference")
        answer = estimator.predict(analysed, reference, rate)
        errors.append(np.abs(np.array(answer.setting.normalised) - values).mean())
        constants.append(np.abs(0.5 - np.array(values)).mean())
    assert np.mean(errors) < 0.5 * np.mean(constants)


def test_a_clean_reference_leaves_the_sound_alone(
    overdrive: PluginSpec, guitar: tuple[Audio, int]
) -> None:
    chain = Chain.of_plugin(overdrive)
    estimator, effect = Estimator(chain), load_chain(chain)
    audio, rate = guitar
    analysed = estimator.analyse(audio, rate, "clean")
    answer = estimator.predict(analysed, analysed, rate)
    wet = answer.apply(effect, audio, rate)
    middle = ChainSetting.of_predicted(chain, (0.5, 0.5, 0.5))
    strong = effect.render(audio, rate, middle)
    assert mrstft(wet[0], audio[0]) < 0.3 * mrstft(strong[0], audio[0])


@pytest.mark.parametrize("after_s", [0.25, 0.5, 0.9])
def test_ctrl_c_ends_quietly_and_writes_nothing(
    guitar: tuple[Audio, int],
    reference_path: Path,
    write_wav: Callable[..., Path],
    tmp_path: Path,
    after_s: float,
) -> None:
    long = np.tile(guitar[0], (1, 20))
    source, out = write_wav("long.wav", long, guitar[1]), tmp_path / "wet.wav"
    arguments = ("match", source, reference_path, "--plugin", "mda-overdrive", "--out", out)
    with running(*arguments) as child:
        time.sleep(after_s)
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=PATIENCE_S)
    # While its modules load, the signal itself ends it; afterwards the bridge does.
    assert child.returncode in (130, -signal.SIGINT), err
    assert "Traceback" not in err
    assert not out.exists()


def test_help_shows_examples_and_exit_codes() -> None:
    assert "Exit codes:" in run("--help").stdout
    for command in ("match", "live", "host", "demo", "plugins", "devices"):
        done = run_inside(command, "--help")
        assert done.returncode == 0
        assert f"dafx-bridge {command}" in done.stdout.split("Examples:")[1]


def test_plugins_lists_the_manifest() -> None:
    told = run_json("plugins")
    listed = {entry["id"]: entry for entry in told["plugins"]}
    assert listed["mda-overdrive"]["installed"]
    models = {plugin.id: plugin.model for plugin in Library().manifest.plugins}
    assert {name: entry["model"] for name, entry in listed.items()} == models
    rigs = {entry["id"]: entry for entry in told["rigs"]}
    assert list(rigs) == [rig.id for rig in Library().manifest.rigs]
    assert rigs["mda-amp"]["installed"]
    assert rigs["mda-amp"]["slots"][2] == {"slot": "delay", "plugin": "mda-delay", "optional": True}


def test_no_id_of_the_lists_is_cut_in_a_pipe() -> None:
    shown = run("plugins", env=os.environ | {"COLUMNS": "80"}).stdout
    manifest = Library().manifest
    words = shown.replace("│", " ").split()
    assert {entry.id for entry in (*manifest.plugins, *manifest.rigs)} <= set(words)


def test_a_users_broken_table_costs_one_warning_and_no_plugin(tmp_path: Path) -> None:
    table = tmp_path / "dafx-bridge" / "plugins_manifest.yaml"
    table.parent.mkdir()
    table.write_text("schema: 1\nplugins: [")
    done = run("plugins", "--json", env=os.environ | {"XDG_DATA_HOME": str(tmp_path)})
    assert done.returncode == 0
    assert len(json.loads(done.stdout)["plugins"]) == len(Library().manifest.plugins)
    assert done.stderr.startswith(f"WARNING: {table}, line")
    assert done.stderr.count("\n") == 1
