"""What `match` prints and writes, by stand-in models."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.cli.app import app
from bridge.estimate.closeness import Closeness
from bridge.library import Library
from bridge.manifest import Manifest
from bridge.search.offline import MatchResult, match_files
from tests.stand_ins import write_models

Match = Callable[..., Any]


@pytest.fixture
def match(
    manifest: Manifest,
    guitar: tuple[Audio, int],
    write_wav: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Match:
    """Run `match` of three seconds in stereo; what it prints, and what it wrote."""
    audio, rate = guitar
    played = np.concatenate([audio[:, : 3 * rate], 0.5 * audio[:, rate : 4 * rate]])
    source = write_wav("played.wav", played, rate)
    reference = write_wav("reference.wav", 0.5 * audio[:, 4 * rate : 9 * rate], rate)

    def run(
        plugin_id: str, *more: str, bypass_logit: float, chain: str = ""
    ) -> tuple[str, Audio, Audio]:
        plugin = manifest.plugin(plugin_id).model_copy(update={"model": plugin_id})
        models = write_models(tmp_path / "models", plugin, bypass_logit)
        monkeypatch.setattr("bridge.cli.match.open_library", lambda: Library.of_models(models))
        out = tmp_path / "out.wav"
        arguments = [
            str(source),
            str(reference),
            "--plugin",
            chain or plugin_id,
            "--out",
            str(out),
            *more,
        ]
        done = CliRunner().invoke(app, ["match", *arguments])
        assert done.exit_code == 0, done.output
        return done.stdout, played, read_audio(out)[0]

    return run


def test_every_slot_and_parameter_is_told_by_its_address(match: Match) -> None:
    told, _, _ = match("mda-overdrive", "--json", "--budget-s", "0.5", bypass_logit=-9.0)
    answer = json.loads(told)
    assert answer["chain"] == "mda-overdrive"
    slot = {"slot": "mda-overdrive", "plugin": "mda-overdrive", "bypass": answer["bypass"]}
    assert answer["slots"] == [slot]
    addresses = [row["address"] for row in answer["parameters"]]
    assert addresses == [f"mda-overdrive/{s}" for s in ("drive", "muffle", "output")]
    assert {row["slot"] for row in answer["parameters"]} == {"mda-overdrive"}
    assert answer["tried"] >= 3
    assert answer["seconds"] > 0
    told, _, _ = match("mda-overdrive", "--json", "--budget-s", "0", bypass_logit=-9.0)
    assert json.loads(told)["tried"] == 0


def test_slots_of_a_chain_are_told_apart_and_one_that_is_left_out_is_marked(match: Match) -> None:
    chain = "mda-overdrive,vocal/gate,mda-overdrive"
    told, _, _ = match("mda-overdrive", "--json", "--budget-s", "1", bypass_logit=-9.0, chain=chain)
    answer = json.loads(told)
    assert answer["chain"] == chain
    names = ["mda-overdrive", "gate", "mda-overdrive-2"]
    assert [slot["slot"] for slot in answer["slots"]] == names
    assert [slot["plugin"] for slot in answer["slots"]][1:] == ["pedalboard-noise-gate", names[0]]
    assert list(dict.fromkeys(row["slot"] for row in answer["parameters"])) == names
    assert answer["map"] is None
    told, _, _ = match("mda-overdrive", "--budget-s", "1", bypass_logit=-9.0, chain=chain)
    assert "(gate)" in told
    assert "(mda-overdrive-2)" in told
    assert " settings tried in " in told


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ([], "give either --plugin or --rig"),
        (["--plugin", "mda-overdrive", "--rig", "vocal"], "give either --plugin or --rig"),
        (["--rig", "mda-overdrive"], "unknown rig 'mda-overdrive'"),
        (["--plugin", "mda-overdrive,none"], "unknown plugin 'none'"),
        (["--rig", "vocal", "--budget-s", "0"], "give a --budget-s above 0"),
    ],
)
def test_what_is_no_chain_is_refused(
    guitar: tuple[Audio, int],
    write_wav: Callable[..., Path],
    tmp_path: Path,
    named: list[str],
    says: str,
) -> None:
    audio, rate = guitar
    source, out = write_wav("played.wav", audio[:, : 3 * rate], rate), tmp_path / "out.wav"
    done = CliRunner().invoke(app, ["match", str(source), str(source), "--out", str(out), *named])
    assert done.exit_code not in (0, 1)
    assert says in " ".join(done.output.replace("│", " ").split())
    assert not out.exists()


@pytest.mark.parametrize("budget_s", ["0", "0.5"])
def test_a_dry_reference_is_answered_by_bypass(match: Match, budget_s: str) -> None:
    told, played, written = match(
        "mda-overdrive", "--json", "--budget-s", budget_s, bypass_logit=9.0
    )
    answer = json.loads(told)
    assert answer["bypass"] is True
    gain = np.float32(10 ** (answer["gain_db"] / 20))
    assert np.abs(written - played * gain).max() < 1e-3
    assert answer["gain_db"] == 0 if budget_s == "0" else answer["gain_db"] < -2


def test_bypass_is_advised_in_a_sentence_with_its_gain(match: Match) -> None:
    told, _, _ = match("mda-overdrive", "--budget-s", "0", bypass_logit=9.0)
    assert "the reference sounds dry: bypass mda Overdrive\n" in told
    told, _, _ = match("mda-overdrive", "--budget-s", "0.5", bypass_logit=9.0)
    assert "bypass mda Overdrive and turn the level down by " in told


def test_a_setting_is_told_with_its_confidence_and_heard_on_every_channel(match: Match) -> None:
    told, played, written = match("mda-combo", "--json", "--budget-s", "0", bypass_logit=-9.0)
    answer = json.loads(told)
    assert (answer["bypass"], answer["gain_db"]) == (False, 0)
    confidence = {row["symbol"]: row["confidence"] for row in answer["parameters"]}
    assert confidence.pop("stereo") is None
    assert all(0 <= share <= 1 for share in confidence.values())
    assert written.shape == played.shape
    assert np.abs(written - played).max() > 0.01
    told, _, _ = match("mda-combo", "--budget-s", "0", bypass_logit=-9.0)
    assert "confidence" in told
    assert "held" in told
    assert "%" in told
    assert "sounds dry" not in told


def test_how_near_it_is_is_told_in_words_and_numbers(
    match: Match, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = Closeness(1.2, 0.4, 0.25, 0.60004, 0.97)

    def judged(*arguments: Any) -> MatchResult:
        found = match_files(*arguments)
        return replace(found, answer=replace(found.answer, closeness=near))

    monkeypatch.setattr("bridge.cli.match.match_files", judged)
    told, _, _ = match("mda-overdrive", "--budget-s", "0", bypass_logit=-9.0)
    assert "\nmatched\n" in told
    assert "\n".join(near.sentences) in told
    told, _, _ = match("mda-overdrive", "--json", "--budget-s", "0", bypass_logit=-9.0)
    answer = json.loads(told)
    assert answer["verdict"] == "matched"
    assert answer["closeness"] == {
        "now": 1.2,
        "expected": 0.4,
        "low": 0.25,
        "high": 0.6,
        "better": 0.97,
    }
    told, _, _ = match("mda-overdrive", "--budget-s", "0", bypass_logit=9.0)
    assert "this plugin cannot come nearer: bypass mda Overdrive" in told


def test_without_trying_nothing_is_said_of_how_near_it_is(match: Match) -> None:
    told, _, _ = match("mda-overdrive", "--json", "--budget-s", "0", bypass_logit=9.0)
    answer = json.loads(told)
    assert (answer["closeness"], answer["verdict"]) == (None, "the reference sounds dry")
    told, _, _ = match("mda-overdrive", "--budget-s", "0", bypass_logit=-9.0)
    assert "away as it is" not in told


def test_auto_ranks_what_there_is_and_takes_the_first(match: Match) -> None:
    told, _, _ = match(
        "mda-overdrive", "--json", "--budget-s", "4", bypass_logit=-9.0, chain="auto"
    )
    answer = json.loads(told)
    ranking = answer["ranking"]
    first, *others = ranking["chains"]
    assert answer["chain"] == first["chain"]
    assert first["low"] <= first["expected"] <= first["high"]
    assert others
    assert ranking["nothing"] > 0
    assert answer["tried"] > sum(row["tried"] for row in ranking["chains"])
    # Of the other shipped plugins the models are not there.
    assert "train and export it" in ranking["left_out"]["mda-delay"]
    told, _, _ = match("mda-overdrive", "--budget-s", "4", bypass_logit=-9.0, chain="auto")
    assert "plugin or rig" in told
    assert "(nothing)" in told
    assert "not ranked: " in told


def test_from_host_goes_with_auto_alone(
    guitar: tuple[Audio, int], write_wav: Callable[..., Path], tmp_path: Path
) -> None:
    audio, rate = guitar
    source, out = write_wav("played.wav", audio[:, : 3 * rate], rate), tmp_path / "out.wav"
    arguments = [
        "match",
        str(source),
        str(source),
        "--out",
        str(out),
        "--from-host",
        "ardour://x:1",
    ]
    done = CliRunner().invoke(app, [*arguments, "--plugin", "mda-overdrive"])
    assert done.exit_code == 2
    assert "--from-host goes with --plugin auto" in " ".join(done.output.replace("│", " ").split())
    done = CliRunner().invoke(app, [*arguments, "--plugin", "auto"])
    assert done.exit_code == 7
    assert not out.exists()
