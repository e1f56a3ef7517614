"""`scan` and `add` with LV2 plugins that misbehave, each in its own way; what is added in use."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge import match
from bridge.adding.add import Added, Adding, Outcome, Refused
from bridge.adding.scan import State, scan
from bridge.arrays import Audio
from bridge.chain import Chain, ChainSetting
from bridge.effect_host.running import RunningChain
from bridge.effects import load_chain, load_effect
from bridge.effects.child_process import ChildProcess
from bridge.effects.lilv import lilv
from bridge.errors import EffectError, PluginFaultError
from bridge.library import SHIPPED, Layer, Library
from bridge.manifest import PluginSpec, Setting, read_manifest
from tests.awkward import URI, build
from tests.integration.commands import run
from tests.integration.renders import noise

RATE_HZ = 48_000
pytestmark = pytest.mark.xdist_group("awkward")


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("awkward"))


@pytest.fixture(scope="module", autouse=True)
def installed(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The bundle is the only one, and what is remembered of it is forgotten afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LV2_PATH", str(bundles))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        lilv.cache_clear()
        yield
    lilv.cache_clear()


@pytest.fixture
def layer(tmp_path: Path) -> Layer:
    return Layer(tmp_path / "plugins_manifest.yaml", tmp_path / "models")


def added(name: str, layer: Layer) -> Outcome:
    (outcome,) = Adding(layer).add(URI + name)
    return outcome


def entry(name: str, layer: Layer) -> PluginSpec:
    """The entry of a plugin that can be added, as it stands in the user's table."""
    assert isinstance(added(name, layer), Added)
    return read_manifest(layer.manifest).plugin(f"awkward-{name}")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("crash", "at 3 it crashes (SIGSEGV)"),
        ("exit", "at 3 it ends its process (exit code 3)"),
        ("hang", "at 3 it hangs"),
        ("nan", "at 3 it gives samples that are no numbers"),
        ("memory", "at 3 it takes more than 1 GB of memory"),
    ],
)
def test_a_parameter_that_breaks_the_plugin_is_held_and_named(
    name: str, reason: str, layer: Layer
) -> None:
    outcome = added(name, layer)
    assert isinstance(outcome, Added)
    assert outcome.held["mode"].startswith(reason)
    plugin = read_manifest(layer.manifest).plugin(f"awkward-{name}")
    assert [spec.symbol for spec in plugin.predicted] == ["gain"]
    assert plugin.isolated


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("crash-at-once", "it crashes (SIGSEGV)"),
        ("hang-at-once", "it hangs"),
        ("random", "from render to render"),
        ("meter", "it leaves the sound as it is"),
        ("six", "it has 6 audio inputs and 6 outputs"),
        ("needs", "it requires urn:dafx-bridge:nobody-has-this"),
    ],
)
def test_what_is_no_effect_is_refused_with_the_reason(name: str, reason: str, layer: Layer) -> None:
    outcome = added(name, layer)
    assert isinstance(outcome, Refused)
    assert reason in outcome.reason
    assert not layer.manifest.exists()


def test_what_is_dangerous_is_held(layer: Layer) -> None:
    outcome = added("dangerous", layer)
    assert isinstance(outcome, Added)
    assert "dangerously loud" in outcome.held["boost"]
    assert "oscillates" in outcome.held["feedback"]
    assert "gain" not in outcome.held


def test_what_is_not_heard_is_held(layer: Layer) -> None:
    outcome = added("prints", layer)
    assert isinstance(outcome, Added)
    assert outcome.held == {"mode": "inaudible"}


def test_worker_atoms_and_voltage_are_served(layer: Layer) -> None:
    plugin, audio = entry("worker", layer), noise(1, 4_000)
    wet = load_effect(plugin).render(audio, RATE_HZ, Setting.of_values(plugin, {"gain": 1.5}))
    np.testing.assert_allclose(wet, 1.5 * audio, atol=1e-6)


def test_a_side_chain_hears_silence(layer: Layer) -> None:
    plugin, audio = entry("sidechain", layer), noise(1, 4_000)
    wet = load_effect(plugin).render(audio, RATE_HZ, Setting.of_values(plugin, {"gain": 0.5}))
    np.testing.assert_allclose(wet, 0.5 * audio, atol=1e-6)


def test_ranges_that_are_missing_empty_or_hang_on_the_rate(layer: Layer) -> None:
    plugin = entry("ranges", layer)
    gain, cutoff = plugin.parameters
    assert (gain.min, gain.default, gain.max) == (0.5, 0.5, 2.0)
    assert cutoff.min == pytest.approx(44.1)
    assert cutoff.max == pytest.approx(0.45 * 44_100)
    assert (cutoff.unit, cutoff.scale) == ("Hz", "log")
    assert "fixed: it can only be 5" in layer.manifest.read_text()
    # At another rate the same Hz are another share of it, and are heard as the same filter.
    keep = np.exp(-2 * np.pi * 1_000 / 96_000)
    impulse = np.zeros((1, 8), np.float32)
    impulse[0, 0] = 1
    setting = Setting.of_values(plugin, {"gain": 1.0, "cutoff": 1_000.0})
    wet = load_effect(plugin).render(impulse, 96_000, setting)
    np.testing.assert_allclose(wet[0], (1 - keep) * keep ** np.arange(8), rtol=1e-3)


def test_what_a_plugin_prints_disturbs_nobody(
    layer: Layer, capfd: pytest.CaptureFixture[str]
) -> None:
    plugin, audio = entry("prints", layer), noise(2, 9_000)
    wet = load_effect(plugin).render(audio, RATE_HZ, Setting.of_values(plugin, {"gain": 0.25}))
    np.testing.assert_allclose(wet, 0.25 * audio, atol=1e-6)
    assert capfd.readouterr() == ("", "")


def turned(plugin: PluginSpec, mode: float) -> Setting:
    return Setting.of_values(plugin, {"gain": 0.5, "mode": mode})


@pytest.mark.parametrize("name", ["crash", "exit", "nan"])
def test_a_render_fails_alone(name: str, layer: Layer) -> None:
    plugin, audio = entry(name, layer), noise(1, 2_000)
    effect = load_effect(plugin)
    for _ in range(2):
        with pytest.raises(PluginFaultError, match=plugin.id):
            effect.render(audio, RATE_HZ, turned(plugin, 3))
        wet = effect.render(audio, RATE_HZ, turned(plugin, 0))
        np.testing.assert_allclose(wet, 0.5 * audio, atol=1e-6)


@pytest.mark.parametrize("name", ["crash", "hang"])
def test_a_chain_that_plays_goes_on_without_the_plugin_that_fails(
    name: str, layer: Layer, caplog: pytest.LogCaptureFixture
) -> None:
    chain = Chain.of_plugin(entry(name, layer))
    (slot,) = chain.slots
    good = ChainSetting(chain, (turned(slot.plugin, 0),))
    bad = ChainSetting(chain, (turned(slot.plugin, 3),))
    audio = noise(1, RATE_HZ)
    with RunningChain(load_chain(chain), RATE_HZ, 1, good) as running:
        _, first = running.process(audio, good)
        _, failing = running.process(audio, bad)
        _, after = running.process(audio, good)
    np.testing.assert_allclose(first, 0.5 * audio, atol=1e-6)
    assert np.isfinite(failing).all()
    np.testing.assert_array_equal(after, audio)
    assert f"{slot.id} is left out from here on" in caplog.text


def played(seconds: float) -> Audio:
    """A tone that is struck again and again."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * 110 * n * t) / n for n in range(1, 12))
    return np.asarray(0.2 * tone * np.exp(-4 * (t % 0.5)), np.float32)[None]


def test_a_search_goes_on_past_settings_that_crash(layer: Layer) -> None:
    """The parameter that crashes is searched for here, as a person may have corrected the entry."""
    entry("crash", layer)
    text = layer.manifest.read_text()
    layer.manifest.write_text(text.replace(", predicted: false", ""))
    library = Library((SHIPPED, layer))
    plugin = library.manifest.plugin("awkward-crash")
    assert [spec.symbol for spec in plugin.predicted] == ["gain", "mode"]
    dry = played(6.0)
    found = match(dry, 0.4 * dry, RATE_HZ, "awkward-crash", library=library, budget_s=8)
    assert found.tried > 5
    assert np.isfinite(found.audio).all()


def test_an_added_plugin_is_matched_at_once(layer: Layer) -> None:
    plugin = entry("ranges", layer)
    library, dry = Library((SHIPPED, layer)), played(6.0)
    setting = Setting.of_values(plugin, {"gain": 1.0, "cutoff": 300.0})
    wanted = load_effect(plugin).render(dry, RATE_HZ, setting)
    found = match(dry, wanted, RATE_HZ, plugin.id, library=library, budget_s=6)
    assert not found.answer.bypass
    values = found.answer.setting.values
    assert 150 < values[f"{plugin.id}/cutoff"] < 600


def test_scan_tells_the_state_of_each(layer: Layer) -> None:
    added("plain", layer)
    added("meter", layer)
    states = {each.source: each for each in scan(Library((SHIPPED, layer)).manifest)}
    assert states[URI + "plain"].state == State.ADDED
    assert states[URI + "plain"].detail == "awkward-plain"
    assert states[URI + "sidechain"].state == State.CAN_BE_ADDED
    assert states[URI + "six"].state == State.CANNOT
    assert "6 audio inputs" in states[URI + "six"].detail
    assert states[URI + "meter"].state == State.CANNOT
    assert "leaves the sound as it is" in states[URI + "meter"].detail


def test_the_commands(bundles: Path, tmp_path: Path) -> None:
    def told(*arguments: object, code: int = 0) -> list[dict[str, object]]:
        own = {"XDG_DATA_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
        environment = {"LV2_PATH": str(bundles)} | own
        done = run(*arguments, env=os.environ | environment)
        assert done.returncode == code, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    (plain, crash) = told("add", URI + "plain", URI + "crash-at-once", "--json")
    assert (plain["id"], plain["turns"]) == ("awkward-plain", ["gain"])
    assert crash["reason"] == "it crashes (SIGSEGV)"
    (listed,) = told("scan", "--json")
    states = {each["source"]: each["state"] for each in listed}  # type: ignore[index]
    assert states[URI + "plain"] == "added"
    assert told("add", URI + "meter", "--json", code=5)[0]["added"] is False
    dry, wet = tmp_path / "dry.wav", tmp_path / "wet.wav"
    soundfile.write(dry, played(4.0).T, RATE_HZ)
    told("match", dry, dry, "--plugin", "awkward-plain", "--out", wet, "--budget-s", 1, "--json")
    assert wet.exists()


def test_a_child_is_killed_with_its_owner_and_says_why() -> None:
    with ChildProcess() as child:
        with pytest.raises(EffectError, match="no plugin is loaded"):
            child.ask(20, "render", noise(1, 8), RATE_HZ, ())
        assert child.alive
    assert not child.alive
    with pytest.raises(PluginFaultError):
        child.ask(1, "load", None)
