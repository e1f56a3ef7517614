import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge.analysis.metrics import profile_distance, style_profile
from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.effects import load_chain, load_effect
from bridge.errors import ModelError
from bridge.hosts import connect
from bridge.manifest import Manifest, PluginSpec, Setting
from bridge.osc import Message, OscSocket
from tests.integration.commands import PATIENCE_S, host_running, next_line, run, running

# In one worker, with one host.
pytestmark = pytest.mark.xdist_group("live")
TRUTH = {"drive": 0.8, "muffle": 0.5, "output": 0.3}
DRIVE, MUFFLE, OUTPUT = ADDRESSES = tuple(f"mda-overdrive/{symbol}" for symbol in TRUTH)
OWN = {DRIVE: 0.2, MUFFLE: 0.1, OUTPUT: 0.9}


@pytest.fixture
def clips(
    overdrive: PluginSpec, guitar: tuple[Audio, int], write_wav: Callable[..., Path]
) -> dict[str, Path]:
    """Nine seconds of playing, the same twice, and references with other notes: one made with
    `TRUTH`, one dry."""
    audio, rate = guitar
    half = audio.shape[1] // 2
    wet = load_effect(overdrive).render(audio[:, half:], rate, Setting.of_values(overdrive, TRUTH))
    return {
        "playing": write_wav("playing.wav", audio[:, : 9 * rate], rate),
        "twice": write_wav("twice.wav", np.tile(audio[:, : 9 * rate], 2), rate),
        "reference": write_wav("reference.wav", wet, rate),
        "dry": write_wav("dry.wav", audio[:, half:], rate),
        "silence": write_wav("hush.wav", audio[:, : 4 * rate] * 1e-3, rate),
    }


@pytest.fixture
def chain(overdrive: PluginSpec) -> Chain:
    return Chain.of_plugin(overdrive)


@pytest.fixture(scope="module")
def running_host() -> Iterator[str]:
    with host_running("mda-overdrive") as (_, port):
        yield f"embedded://127.0.0.1:{port}"


@pytest.fixture
def host(running_host: str, chain: Chain) -> str:
    """A host in which every knob stands where it does at the start."""
    start = ChainSetting.start(chain).all_values
    with connect(running_host, chain) as client:
        client.set(start)
        assert client.read() == pytest.approx(start)
    return running_host


def live(
    clips: dict[str, Path],
    host: str,
    *more: object,
    source: str = "playing",
    reference: str = "reference",
    code: int = 0,
) -> list[Any]:
    arguments = ("--reference", clips[reference], "--input", clips[source], "--host", host)
    done = run("live", "--plugin", "mda-overdrive", *arguments, "--keep", "--json", *more)
    assert done.returncode == code, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def values(host: str, chain: Chain) -> dict[str, float]:
    """Of the parameters, by address."""
    with connect(host, chain) as client:
        told = client.read()
    return {address: value for address, value in told.items() if not chain.is_switch(address)}


def test_live_turns_the_hosts_knobs_towards_the_reference(
    clips: dict[str, Path], host: str, chain: Chain
) -> None:
    before = values(host, chain)
    # On a busy machine the first decision may take longer than nine seconds.
    *statuses, last = live(clips, host, source="twice")
    after = values(host, chain)

    def error(now: dict[str, float]) -> float:
        return float(np.mean([abs(now[a] - TRUTH[a.rpartition("/")[2]]) for a in ADDRESSES]))

    assert error(after) < 0.5 * error(before)
    assert after == pytest.approx(statuses[-1]["values"], abs=0.05)
    states = [status["state"] for status in statuses]
    assert list(dict.fromkeys(states)) == ["filling", "provisional", "matching"]
    assert set(statuses[-1]["confidence"]) == set(ADDRESSES)
    assert statuses[-1]["bypass"] == []
    assert {status["fault"] for status in statuses} == {""}
    summary = last["summary"]
    assert summary["lost"] == 0
    assert summary["decisions"] == statuses[-1]["decisions"] > 0
    assert summary["decision_s"] > 0
    assert summary["verdict"] == statuses[-1]["verdict"] == "matched"
    assert summary["closeness"] == statuses[-1]["closeness"]
    assert statuses[0]["verdict"] is None
    assert 0 < summary["predictions"] <= summary["hops"] < 18 / 0.05 + 5
    assert 0 < summary["sends"] < 3 * summary["predictions"]


def test_a_dry_reference_bypasses_the_plugin(clips: dict[str, Path], host: str) -> None:
    *statuses, last = live(clips, host, reference="dry")
    assert statuses[-1]["bypass"] == ["mda-overdrive"]
    assert last["summary"]["verdict"] != "matched"
    with OscSocket() as client:
        client.send(Message("/mda-overdrive/bypass"), ("127.0.0.1", int(host.rsplit(":", 1)[1])))
        received = client.receive(5.0)
    assert received
    assert received[0] == [Message("/mda-overdrive/bypass", (1,))]


def test_without_rendering_the_network_answers_alone(
    clips: dict[str, Path], host: str, chain: Chain
) -> None:
    before = values(host, chain)
    *_, last = live(clips, host, "--no-rendering", "--seconds", 4)
    assert (last["summary"]["decisions"], last["summary"]["decision_s"]) == (0, 0)
    assert values(host, chain) != before


def test_a_plugin_that_only_the_host_has_leaves_the_network_at_work(
    clips: dict[str, Path], host: str
) -> None:
    arguments = ("--reference", clips["reference"], "--input", clips["playing"], "--host", host)
    done = run(
        *("live", "--plugin", "mda-overdrive", *arguments, "--seconds", 6),
        env=os.environ | {"LV2_PATH": "/nowhere"},
    )
    assert done.returncode == 0
    assert "WARNING: trying settings failed (mda-overdrive: the LV2 plugin" in done.stderr
    assert done.stderr.count("it is started again") == 1
    assert "mda-overdrive/drive" in done.stdout
    assert "how near it is: unknown, as no setting was tried" in done.stdout


def test_amount_0_leaves_the_host_as_it_is_and_a_half_goes_half_way(
    clips: dict[str, Path], host: str, chain: Chain
) -> None:
    quick = ("--smoothing", 0, "--no-rendering", "--seconds", 6)
    with connect(host, chain) as client:
        client.set(OWN)
    live(clips, host, "--amount", 0, "--seconds", 4)
    assert values(host, chain) == pytest.approx(OWN, abs=1e-6)
    live(clips, host, "--amount", 0.5, *quick)
    half = values(host, chain)
    with connect(host, chain) as client:
        client.set(OWN)
    live(clips, host, *quick)
    full = values(host, chain)
    between = {address: (OWN[address] + full[address]) / 2 for address in OWN}
    assert half == pytest.approx(between, abs=0.06)


def test_at_the_end_the_host_has_its_own_values_back(
    clips: dict[str, Path], host: str, chain: Chain
) -> None:
    with connect(host, chain) as client:
        client.set(OWN)
    *statuses, _ = live(clips, host, "--no-rendering", "--restore", "--seconds", 5)
    assert statuses[-1]["values"] != pytest.approx(OWN, abs=0.05)
    assert values(host, chain) == pytest.approx(OWN, abs=1e-6)


def test_a_knob_the_player_turns_is_left_alone_until_armed(
    clips: dict[str, Path], host: str, chain: Chain
) -> None:
    arguments = ("--reference", clips["reference"], "--input", clips["playing"], "--host", host)
    with (
        connect(host, chain) as player,
        running("live", "--plugin", "mda-overdrive", *arguments, "--json") as child,
    ):
        assert child.stdin

        def until(wanted: Callable[[Any], bool]) -> Any:
            while not wanted(status := next_line(child)):
                assert "summary" not in status
            return status

        until(lambda status: status["sends_per_s"] > 0)
        player.set({MUFFLE: 0.987})
        yielded = until(lambda status: status["yielded"])
        assert yielded["yielded"] == [MUFFLE]
        assert player.read()[MUFFLE] == pytest.approx(0.987)
        child.stdin.write("arm muffle\n")
        child.stdin.flush()
        until(lambda status: not status["yielded"] and status["values"][MUFFLE] < 0.9)
        child.stdin.write("revert\n")
        child.stdin.flush()
        reverted = until(lambda status: status["yielded"])
        assert set(ADDRESSES) < set(reverted["yielded"])
        assert player.read() == pytest.approx(ChainSetting.start(chain).all_values)


def test_silence_holds_the_values(clips: dict[str, Path], host: str, chain: Chain) -> None:
    before = values(host, chain)
    *statuses, _ = live(clips, host, source="silence", code=3)
    assert statuses[-1]["state"] == "silent"
    assert values(host, chain) == before


def test_seconds_ends_it(clips: dict[str, Path], host: str) -> None:
    *statuses, last = live(clips, host, "--seconds", 1)
    assert statuses[-1]["time_s"] <= 1.5
    assert last["summary"]["predictions"] == 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_ends_it_with_a_summary(
    clips: dict[str, Path], host: str, how: signal.Signals
) -> None:
    arguments = ("--reference", clips["reference"], "--input", clips["playing"], "--host", host)
    with running("live", "--plugin", "mda-overdrive", *arguments, "--json") as child:
        next_line(child)
        # A terminal sends it to the child process that tries settings as well.
        os.killpg(child.pid, how)
        out, err = child.communicate(timeout=PATIENCE_S)
        assert child.returncode == 0
    assert err == ""
    assert "summary" in json.loads(out.splitlines()[-1])


def test_the_status_line_is_for_people(clips: dict[str, Path], host: str) -> None:
    arguments = ("--reference", clips["reference"], "--input", clips["playing"], "--host", host)
    done = run("live", "--plugin", "mda-overdrive", *arguments)
    assert done.returncode == 0
    assert "dBFS" in done.stderr
    assert "sends/s" in done.stderr
    assert "decisions" in done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()[:3]] == list(ADDRESSES)
    assert "dB)" in done.stdout
    assert "compute" not in done.stdout


def test_a_host_that_dies_does_not_stop_the_bridge(clips: dict[str, Path]) -> None:
    with host_running("mda-overdrive") as (child, port):
        url = f"embedded://127.0.0.1:{port}"
        arguments = ("--reference", clips["reference"], "--input", clips["playing"], "--host", url)
        with running("live", "--plugin", "mda-overdrive", *arguments, "--json") as engine:
            next_line(engine)
            child.kill()
            out, err = engine.communicate(timeout=PATIENCE_S)
            assert engine.returncode == 0, err
    assert json.loads(out.splitlines()[-1])["summary"]["predictions"] > 0


def test_orders_that_mean_nothing_are_told_and_change_nothing(
    clips: dict[str, Path], host: str
) -> None:
    arguments = ("--reference", clips["reference"], "--input", clips["playing"], "--host", host)
    seconds = ("--seconds", 2, "--json")
    with running("live", "--plugin", "mda-overdrive", *arguments, *seconds) as child:
        out, err = child.communicate("arm nonsense\nsing\n", timeout=PATIENCE_S)
        assert child.returncode == 0, err
    assert "WARNING: mda-overdrive has no parameter 'nonsense'" in err
    assert "'sing' is not known" in err
    assert "summary" in json.loads(out.splitlines()[-1])


def test_a_chain_is_followed_slot_by_slot(
    manifest: Manifest,
    guitar: tuple[Audio, int],
    clips: dict[str, Path],
    write_wav: Callable[..., Path],
) -> None:
    """Without any trained slot of its own there is no answer until the first search is back."""
    text = "mda-overdrive,pedalboard-lowpass"
    chain = chain_of(text, manifest)
    truth = ChainSetting.of_values(
        chain, {DRIVE: 0.8, "pedalboard-lowpass/cutoff_frequency_hz": 900.0}
    )
    audio, rate = guitar
    wet = load_chain(chain).render(audio[:, audio.shape[1] // 2 :], rate, truth)
    reference = write_wav("chain.wav", wet, rate)
    with host_running(text) as (_, port):
        url = f"embedded://127.0.0.1:{port}"
        arguments = ("--reference", reference, "--input", clips["playing"], "--host", url)
        done = run("live", "--plugin", text, *arguments, "--keep", "--json")
        assert done.returncode == 0, done.stderr
        with connect(url, chain) as client:
            after = client.read()
    *statuses, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert set(after) == set(truth.all_values)
    begun = [status["confidence"] for status in statuses]
    assert begun[0] == {}
    known = {p.address for p in chain.predicted if p.slot.plugin.model}
    assert set(begun[-1]) == known
    assert last["summary"]["decisions"] > 0
    playing, rate = read_audio(clips["playing"])
    found = load_chain(chain).render(playing, rate, ChainSetting.of_values(chain, after))
    wanted = style_profile(wet, rate)
    distance = profile_distance(style_profile(found, rate), wanted)
    assert distance < 0.5 * profile_distance(style_profile(playing, rate), wanted)


def test_a_chain_without_a_model_needs_rendering(clips: dict[str, Path], host: str) -> None:
    arguments = ("--reference", clips["reference"], "--input", clips["playing"], "--host", host)
    done = run("live", "--plugin", "pedalboard-gain", *arguments, "--no-rendering")
    assert done.returncode == ModelError.exit_code
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "can only be matched by rendering" in done.stderr
