"""VST3 rendering, proved on a plugin of our own that is built here as VST3 and as LV2."""

import json
import os
import platform
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import lfilter

from bridge.adding.add import Added, Adding, Refused
from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.effect_host.crossfade import FADE_S
from bridge.effects import Effect, load_effect, pool
from bridge.effects.base import EffectStream
from bridge.effects.lilv import lilv
from bridge.effects.vst3 import Vst3Effect
from bridge.errors import EffectError
from bridge.hosts.embedded import exchange
from bridge.library import Layer, Library
from bridge.manifest import PluginSpec, Setting, read_manifest
from tests.integration.commands import PATIENCE_S, host_running, next_line
from tests.integration.renders import in_blocks, noise

SOURCE = Path(__file__).parents[1] / "plugins" / "probe"
RATE_HZ = 48_000
LATENCY_FRAMES = 100
PARAMETERS = (
    {"symbol": "gain", "min": -2.0, "max": 8.0, "default": 1.0, "scale": "linear"},
    {"symbol": "feedback", "min": 0.0, "max": 0.999, "default": 0.0, "scale": "linear"},
    {"symbol": "invert", "min": 0.0, "max": 1.0, "default": 0.0, "scale": "toggle"},
    {"symbol": "slope", "min": 1.0, "max": 4.0, "default": 1.0, "scale": "integer"},
)
VALUES = {"gain": 3.5, "feedback": 0.75, "invert": 1.0, "slope": 3.0}
# One worker builds the plugin, which takes seconds.
pytestmark = pytest.mark.xdist_group("vst3")


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with BridgeProbe.vst3 and BridgeProbe.lv2."""
    return built(tmp_path_factory.mktemp("probe"), "BridgeProbe", "all")


@pytest.fixture(scope="session")
def drifting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A VST3 of which no two instances are alike."""
    folder = tmp_path_factory.mktemp("drift")
    return built(folder, "BridgeDrift", "vst3", "-DPROBE_DRIFTS") / "BridgeDrift.vst3"


@pytest.fixture(scope="session")
def crashing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A VST3 that crashes at some values."""
    folder = tmp_path_factory.mktemp("crash")
    return built(folder, "BridgeCrash", "vst3", "-DPROBE_CRASHES") / "BridgeCrash.vst3"


def built(folder: Path, name: str, target: str, flags: str = "") -> Path:
    """The folder with the bundles."""
    folders = (f"DPF_TARGET_DIR={folder}/bin", f"DPF_BUILD_DIR={folder}/build")
    subprocess.run(
        ["make", "-C", SOURCE, f"NAME={name}", *folders, target],
        env=os.environ | {"CXXFLAGS": flags},
        check=True,
        timeout=300,
        capture_output=True,
    )
    return folder / "bin"


@pytest.fixture(scope="module", autouse=True)
def installed(bundles: Path) -> Iterator[None]:
    """Both bundles where lilv and the VST3 search look."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VST3_PATH", str(bundles))
        patch.setenv("LV2_PATH", str(bundles))
        lilv.cache_clear()
        yield
    lilv.cache_clear()


@pytest.fixture(autouse=True)
def forgetful(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Nothing is known of resets yet, and no plugin waits; the folder where answers are kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for known in (pool._answers, pool.idle):
        known.cache_clear()
    yield tmp_path
    for known in (pool._answers, pool.idle):
        known.cache_clear()


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one with every plugin that is loaded."""
    loaded: list[str] = []
    load = Vst3Effect._load

    def counted(effect: Vst3Effect) -> object:
        loaded.append(effect.plugin.id)
        return load(effect)

    monkeypatch.setattr(Vst3Effect, "_load", counted)
    return loaded


def probe(parameters: tuple[dict[str, object], ...] = PARAMETERS, **formats: str) -> PluginSpec:
    return PluginSpec.model_validate(
        {
            "id": "probe",
            "name": "Probe",
            "kind": "test",
            "formats": formats or {"vst3": "BridgeProbe"},
            "parameters": [{"name": str(p["symbol"])} | p for p in parameters],
        }
    )


def expected(audio: Audio, values: dict[str, float]) -> Audio:
    """The plugin's equation, its latency taken away."""
    gain = values["gain"] * values["slope"] * (1 - 2 * values["invert"])
    return np.asarray(lfilter([gain], [1.0, -values["feedback"]], audio.astype(np.float64)))


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_both_formats_follow_the_equation_and_each_other(channels: int) -> None:
    audio = noise(channels)
    wet = []
    for plugin in (probe(vst3="BridgeProbe"), probe(lv2="urn:dafx-bridge:probe")):
        wet.append(load_effect(plugin).render(audio, RATE_HZ, Setting.of_values(plugin, VALUES)))
    assert wet[0].shape == audio.shape
    assert np.array_equal(wet[0], wet[1])
    truth = expected(audio, VALUES)
    assert np.abs(wet[0] - truth).max() < 1e-5 * np.abs(truth).max()


@pytest.mark.parametrize(
    ("symbol", "value"),
    [("gain", -2.0), ("gain", -0.123), ("gain", 8.0), ("feedback", 0.999), ("slope", 2.0)],
)
def test_values_are_the_plugins_own(symbol: str, value: float) -> None:
    values = VALUES | {symbol: value}
    wet = load_effect(probe()).render(noise(2), RATE_HZ, Setting.of_values(probe(), values))
    truth = expected(noise(2), values)
    assert np.abs(wet - truth).max() < 1e-4 * np.abs(truth).max()


def test_a_scale_of_the_manifest_need_not_be_the_plugins() -> None:
    """The plugin counts gain linearly; half of the manifest's way is still its real value."""
    plugin = probe((PARAMETERS[0] | {"min": 0.5, "max": 8.0, "scale": "log"},))
    wet = load_effect(plugin).render(noise(2), RATE_HZ, Setting(plugin, (0.5,)))
    assert np.abs(wet - 2 * noise(2)).max() < 1e-5


@pytest.mark.parametrize("blocks", [[1], [2], [50, 3_000], [1, 5, 64, 700, 3, 1_024, 2_000]])
def test_any_block_size_gives_the_whole_render(blocks: list[int]) -> None:
    effect, setting = load_effect(probe()), Setting.of_values(probe(), VALUES)
    parts = in_blocks(effect, noise(2, 5_000), RATE_HZ, setting, blocks)
    assert np.array_equal(parts, effect.render(noise(2, 5_000), RATE_HZ, setting))


@pytest.mark.parametrize("formats", [{"vst3": "BridgeProbe"}, {"lv2": "urn:dafx-bridge:probe"}])
def test_a_stream_comes_as_late_as_it_says(formats: dict[str, str]) -> None:
    plugin = probe(**formats)
    with load_effect(plugin).open(RATE_HZ, 2, Setting.default(plugin)) as stream:
        wet = stream.process(noise(2))
        assert stream.latency_frames == LATENCY_FRAMES
    assert not wet[:, :LATENCY_FRAMES].any()
    assert np.array_equal(wet[:, LATENCY_FRAMES:], noise(2)[:, :-LATENCY_FRAMES])


def test_nothing_of_an_earlier_render_is_heard() -> None:
    """With this feedback, noise rings on far longer than the render of silence lasts."""
    effect = load_effect(probe())
    ringing = Setting.of_values(probe(), {"feedback": 0.999, "gain": 8.0})
    assert np.abs(effect.render(noise(2), RATE_HZ, ringing)[:, -1]).min() > 0.01
    assert not effect.render(np.zeros((2, 5_000), np.float32), RATE_HZ, ringing).any()
    with effect.open(RATE_HZ, 2, ringing) as first, effect.open(RATE_HZ, 2, ringing) as second:
        first.process(noise(2))
        assert not second.process(np.zeros((2, 5_000), np.float32)).any()


def test_a_stream_follows_its_knobs() -> None:
    effect = load_effect(probe())
    with effect.open(RATE_HZ, 2, Setting.default(probe())) as stream:
        stream.process(noise(2))
        stream.set(Setting.of_values(probe(), {"gain": -2.0}))
        wet = stream.process(noise(2))[:, LATENCY_FRAMES:]
    assert np.array_equal(wet, -2 * noise(2)[:, :-LATENCY_FRAMES])


def test_a_stream_runs_off_the_main_thread_but_is_opened_on_it() -> None:
    effect, setting = load_effect(probe()), Setting.of_values(probe(), VALUES)
    wet: list[Audio] = []
    faults: list[str] = []

    def work() -> None:
        wet.append(stream.process(noise(2)))
        try:
            effect.render(noise(2), RATE_HZ, setting)
        except EffectError as error:
            faults.append(str(error))

    with effect.open(RATE_HZ, 2, setting) as stream:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    whole = effect.render(noise(2), RATE_HZ, setting)
    assert np.array_equal(wet[0][:, LATENCY_FRAMES:], whole[:, :-LATENCY_FRAMES])
    assert faults == [
        "probe: VST3 plugins load on the main thread only; open the stream there, then use it"
        " anywhere"
    ]


def test_a_closed_stream_says_so() -> None:
    stream = load_effect(probe()).open(RATE_HZ, 2, Setting.default(probe()))
    stream.close()
    stream.close()
    with pytest.raises(EffectError, match="closed; open another"):
        stream.process(noise(2))


def test_a_path_is_taken_as_it_is(bundles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VST3_PATH")
    plugin = probe(vst3=str(bundles / "BridgeProbe.vst3"))
    wet = load_effect(plugin).render(noise(2), RATE_HZ, Setting.default(plugin))
    assert np.array_equal(wet, noise(2))


def test_a_vendors_folder_is_searched_too(
    bundles: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "Vendor").mkdir()
    (tmp_path / "Vendor" / "BridgeProbe.vst3").symlink_to(bundles / "BridgeProbe.vst3")
    monkeypatch.setenv("VST3_PATH", os.pathsep.join(("/nowhere", str(tmp_path))))
    load_effect(probe())


def test_a_missing_or_broken_plugin_says_what_to_do(bundles: Path) -> None:
    broken = bundles / "Broken.vst3"
    broken.write_text("no plugin")
    with pytest.raises(EffectError, match=r"'Fuzz' is not in .*/usr/lib/vst3.*VST3_PATH"):
        load_effect(probe(vst3="Fuzz"))
    with pytest.raises(EffectError, match=r"there is no /no/Fuzz\.vst3; install"):
        load_effect(probe(vst3="/no/Fuzz.vst3"))
    with pytest.raises(EffectError, match=r"Broken\.vst3 cannot be loaded.*install it again"):
        load_effect(probe(vst3="Broken"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"symbol": "tone"}, "no parameter 'tone', it has .*gain.*; correct the manifest"),
        ({"max": 10.0}, r"gain set to 10 shows '8\.0+' in the plugin; correct its range"),
        ({"min": -20.0}, r"gain set to -20 shows '-2\.0+'"),
    ],
)
def test_a_manifest_that_differs_from_the_plugin_is_refused(
    change: dict[str, object], says: str
) -> None:
    with pytest.raises(EffectError, match=says):
        load_effect(probe((PARAMETERS[0] | change,)))


SETTINGS = tuple(
    Setting.of_values(probe(), {"gain": gain, "feedback": feedback, "slope": slope})
    for gain, feedback, slope in ((8.0, 0.999, 4.0), (-1.5, 0.0, 1.0), (1.0, 0.97, 2.0))
)
"""The default of gain among them, 1, is one that the plugin cannot be told exactly."""


def fresh_render(effect: Effect, audio: Audio, rate: float, setting: Setting) -> Audio:
    """Through a plugin that has never played."""
    pool.idle.cache_clear()
    return load_effect(effect.plugin).render(audio, rate, setting)


def test_a_plugin_that_a_reset_makes_new_is_loaded_once(loads: list[str]) -> None:
    effect = load_effect(probe())
    effect.render(noise(2), RATE_HZ, SETTINGS[0])
    tried = len(loads)
    assert 2 <= tried <= 6
    for number in range(20):
        load_effect(probe()).render(noise(2), (48_000, 44_100)[number % 2], SETTINGS[number % 3])
    # Each effect looks at a plugin of its own first; no stream loads one any more.
    assert len(loads) == tried + 20


def test_pooled_plugins_give_the_bits_of_fresh_ones() -> None:
    cases = [(rate, s) for rate in (44_100, 48_000, 96_000) for s in SETTINGS]
    expected = [fresh_render(load_effect(probe()), noise(2), *case) for case in cases]
    effect = load_effect(probe())
    order = np.random.default_rng(3).permutation(3 * len(cases)) % len(cases)
    for number in order:
        assert np.array_equal(effect.render(noise(2), *cases[number]), expected[number])


def test_streams_that_are_open_at_once_and_played_by_threads_do_not_mix() -> None:
    effect = load_effect(probe())
    expected = [fresh_render(effect, noise(2), RATE_HZ, setting) for setting in SETTINGS]
    for _ in range(4):
        wet: dict[int, Audio] = {}

        def work(number: int, stream: EffectStream, wet: dict[int, Audio] = wet) -> None:
            wet[number] = np.concatenate(
                [stream.process(part) for part in np.array_split(noise(2), 40, axis=1)], axis=1
            )

        streams = [effect.open(RATE_HZ, 2, setting) for setting in SETTINGS]
        threads = [threading.Thread(target=work, args=each) for each in enumerate(streams)]
        for thread in threads:
            thread.start()
        for thread, stream in zip(threads, streams, strict=True):
            thread.join()
            stream.close()
            stream.close()
        for number, whole in enumerate(expected):
            late = wet[number][:, LATENCY_FRAMES:]
            assert np.array_equal(late, whole[:, :-LATENCY_FRAMES])


def test_the_answer_of_a_trial_is_kept(loads: list[str], forgetful: Path) -> None:
    load_effect(probe()).render(noise(2), RATE_HZ, SETTINGS[0])
    with_trial = len(loads)
    loads.clear()
    # As in another process.
    pool._answers.cache_clear()
    pool.idle.cache_clear()
    load_effect(probe()).render(noise(2), RATE_HZ, SETTINGS[0])
    assert len(loads) == 1 < with_trial
    (kept,) = (forgetful / "dafx-bridge").iterdir()
    kept.write_text("rubbish")
    loads.clear()
    pool._answers.cache_clear()
    pool.idle.cache_clear()
    load_effect(probe()).render(noise(2), RATE_HZ, SETTINGS[0])
    assert len(loads) == with_trial


def test_a_plugin_that_a_reset_does_not_make_new_is_loaded_for_every_stream(
    drifting: Path, loads: list[str], forgetful: Path
) -> None:
    effect = load_effect(probe(vst3=str(drifting)))
    for setting in SETTINGS:
        effect.render(noise(2), RATE_HZ, setting)
    loads.clear()
    for setting in SETTINGS:
        effect.render(noise(2), RATE_HZ, setting)
    assert len(loads) == 3
    assert "false" in (forgetful / "dafx-bridge" / "resets.json").read_text()


def test_the_embedded_host_takes_one_into_the_chain_while_it_plays(
    forgetful: Path,
    monkeypatch: pytest.MonkeyPatch,
    guitar: tuple[Audio, int],
    write_wav: Callable[..., Path],
) -> None:
    """It is loaded and tried on the main thread; the sound goes on meanwhile."""
    monkeypatch.setenv("XDG_DATA_HOME", str(forgetful / "data"))
    table = forgetful / "data" / "dafx-bridge" / "plugins_manifest.yaml"
    table.parent.mkdir(parents=True)
    entry = probe().model_dump(mode="json", exclude_none=True)
    table.write_text(json.dumps({"schema": 1, "plugins": [entry]}))
    audio, rate = guitar
    played = audio[:, : 4 * rate]
    source, out = write_wav("in.wav", played, rate), forgetful / "out.wav"
    with host_running("pedalboard-distortion", "--input", source, "--out", out) as (child, port):
        time.sleep(0.5)
        exchange(("127.0.0.1", port), "probe")
        done = next_line(child)["done"]
        assert child.wait(PATIENCE_S) == 0
    assert (done["plugin"], done["frames"]) == ("probe", played.shape[1])
    heard, _ = read_audio(out)
    late = np.pad(played, ((0, 0), (LATENCY_FRAMES, 0)))[:, : played.shape[1]]
    distortion = load_effect(Library().manifest.plugin("pedalboard-distortion"))
    wet = distortion.render(played, rate, Setting.default(distortion.plugin))
    same = np.minimum(np.abs(heard - late), np.abs(heard - wet))[0] < 1e-6
    # The one, then the other, and between them no more than the fade.
    assert (heard == late)[0, -rate:].all()
    assert np.array_equal(heard[:, : rate // 4], wet[:, : rate // 4])
    between = np.flatnonzero(~same)
    assert between[-1] - between[0] <= round(FADE_S * rate)


def added(path: Path, folder: Path) -> tuple[Added, PluginSpec]:
    """What is told of a file that is added, and its entry."""
    layer = Layer(folder / "plugins_manifest.yaml", folder)
    (outcome,) = Adding(layer).add(str(path))
    assert isinstance(outcome, Added), outcome
    return outcome, read_manifest(layer.manifest).plugin(outcome.plugin.id)


def test_a_vst3_is_added_with_its_own_ranges(bundles: Path, tmp_path: Path) -> None:
    _, plugin = added(bundles / "BridgeProbe.vst3", tmp_path)
    assert len(plugin.parameters) == len(PARAMETERS)
    for told, expected in zip(plugin.parameters, PARAMETERS, strict=True):
        assert (told.symbol, told.scale) == (expected["symbol"], expected["scale"])
        for key in ("min", "max", "default"):
            assert getattr(told, key) == pytest.approx(expected[key], abs=1e-3)
    text = (tmp_path / "plugins_manifest.yaml").read_text()
    assert f"{LATENCY_FRAMES} frames late" in text


def test_an_added_vst3_renders_as_in_this_process_from_any_thread(
    bundles: Path, tmp_path: Path
) -> None:
    _, plugin = added(bundles / "BridgeProbe.vst3", tmp_path)
    audio, setting = noise(2, 5_000), Setting.of_values(plugin, VALUES)
    with ThreadPoolExecutor(1) as other:
        wet = other.submit(load_effect(plugin).render, audio, RATE_HZ, setting).result()
    here = plugin.model_copy(update={"isolated": False})
    expected = load_effect(here).render(audio, RATE_HZ, Setting.of_values(here, VALUES))
    np.testing.assert_array_equal(wet, expected)


def test_a_vst3_that_crashes_at_a_value_is_added_without_it(crashing: Path, tmp_path: Path) -> None:
    outcome, _ = added(crashing, tmp_path)
    assert "crashes" in outcome.held["slope"]
    assert "gain" not in outcome.held


def test_a_file_that_is_no_vst3_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "Nothing.vst3"
    path.write_text("no plugin")
    (outcome,) = Adding(Layer(tmp_path / "plugins_manifest.yaml", tmp_path)).add(str(path))
    assert isinstance(outcome, Refused)
    assert "cannot be loaded" in outcome.reason


def test_a_library_that_a_vst3_lacks_is_named(tmp_path: Path) -> None:
    bundle = tmp_path / "Lacking.vst3"
    folder = bundle / "Contents" / f"{platform.machine()}-linux"
    folder.mkdir(parents=True)
    source = tmp_path / "gone.c"
    source.write_text("void gone(void) {}\n")
    library = tmp_path / "libgone.so"
    shared = ["g++", "-shared", "-fPIC", "-Wl,--no-as-needed"]
    subprocess.run([*shared, str(source), "-o", str(library)], check=True)
    binary = str(folder / "Lacking.so")
    subprocess.run([*shared, str(source), str(library), "-o", binary], check=True)
    library.unlink()
    (outcome,) = Adding(Layer(tmp_path / "plugins_manifest.yaml", tmp_path)).add(str(bundle))
    assert isinstance(outcome, Refused)
    assert "libgone.so" in outcome.reason
