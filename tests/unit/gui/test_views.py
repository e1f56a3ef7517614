import json
import zipfile
from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.audio.cutting import cut_flac
from bridge.audio.reading import AudioReader
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.control.nodes import Value
from bridge.hosts import PROFILES
from bridge.library import Library
from bridge.manifest import Manifest, PluginSpec, Setting
from gui.views.actions import ACTIONS
from gui.views.changes import ChangeLog
from gui.views.export import ExportError, export_json, export_lv2, export_lv2_chain, has_lv2
from gui.views.history import RATE_HZ, History
from gui.views.hosts import EMBEDDED, HostChoice, default_choice, host_choice
from gui.views.midi import (
    AMOUNT,
    MAP_Y,
    MidiMap,
    orders,
    parameter_target,
    standing,
    targets,
)
from gui.views.numbers import real_text
from gui.views.parameters import parameter_view
from gui.views.pickup import Pickup
from gui.views.preset_files import (
    PresetError,
    entries,
    load_preset,
    path_of,
    rename_preset,
    save_preset,
    unpack,
)
from gui.views.presets import Carried, preset_of, tags_of
from gui.views.setup import SILENT_S, SignalWatch, steps
from gui.views.sound_map import MapPicture, nearness
from gui.views.status import segments

HALF = lambda _: 0.5  # noqa: E731
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), min_size=1, max_size=12)


def told(plugin: PluginSpec, values: dict[str, float], **leaves: Value) -> dict[str, Value]:
    """What the engine would tell of a plugin's values."""
    here = f"/parameter/{plugin.id}"
    return {
        "/chain": (plugin.id,),
        **{f"{here}/{symbol}": (value,) for symbol, value in values.items()},
        **{f"{here}/{name.replace('__', '/')}": value for name, value in leaves.items()},
    }


def test_values_are_told_as_the_host_shows_them(manifest: Manifest) -> None:
    compressor = manifest.plugin("pedalboard-compressor")
    assert real_text(compressor.parameter("threshold_db"), -23.04) == "-23.0 dB"
    assert real_text(compressor.parameter("attack_ms"), 0.1234) == "0.123 ms"
    assert real_text(compressor.parameter("release_ms"), 1000) == "1000 ms"
    leslie = manifest.plugin("mda-leslie")
    assert real_text(leslie.parameter("mode"), 0.98) == "Fast"
    assert real_text(manifest.plugin("mda-combo").parameter("stereo"), 1.0) == "On"


def test_a_row_says_everything_in_real_units(manifest: Manifest) -> None:
    plugin = manifest.plugin("pedalboard-compressor")
    values = told(
        plugin,
        {"threshold_db": -30.0},
        threshold_db__predicted=(-15.0,),
        threshold_db__confidence=(0.8,),
        threshold_db__yours=(1,),
    )
    view = parameter_view(Chain.of_plugin(plugin).parameters[0], values)
    assert view.host == pytest.approx(0.5)
    assert view.predicted == pytest.approx(0.75)
    assert view.spoken == (
        "-30.0 dB in the host; predicted -15.0 dB, 80% sure; yours until you hand it back"
    )


def test_what_is_not_answered_yet_shows_its_default(plugin: PluginSpec) -> None:
    for parameter in Chain.of_plugin(plugin).parameters:
        view, spec = parameter_view(parameter, {}), parameter.spec
        assert spec.to_real(view.host) == pytest.approx(spec.default)
        assert view.predicted is None
        assert view.confidence is None


def test_one_gesture_is_one_change_and_says_by_whom(overdrive: PluginSpec) -> None:
    log, chain = ChangeLog(), Chain.of_plugin(overdrive)
    log.follow(chain, told(overdrive, {"drive": 0.0}, drive__by=("host",)), 0.0)
    for step in range(1, 11):
        values = told(overdrive, {"drive": step / 10}, drive__by=("model",))
        assert log.follow(chain, values, step / 10)
    log.follow(chain, told(overdrive, {"drive": 0.4}, drive__by=("you",)), 1.2)
    log.follow(chain, told(overdrive, {"drive": 0.9}, drive__by=("you",)), 5.0)
    lines = [(c.before, c.after, c.by) for c in log.changes]
    assert lines == [
        ("0.0 %", "100.0 %", "model"),
        ("100.0 %", "40.0 %", "you"),
        ("40.0 %", "90.0 %", "you"),
    ]
    assert not log.follow(chain, told(overdrive, {"drive": 0.9}), 6.0)


def test_history_keeps_the_last_minute_at_its_rate(overdrive: PluginSpec) -> None:
    history = History(Chain.of_plugin(overdrive))
    taken = 0
    for tick in range(90):
        values = told(overdrive, {"drive": tick / 90}, drive__predicted=(0.25,))
        taken += history.sample(values, tick / 30)
    assert 0.7 * 3 * RATE_HZ <= taken <= 3 * RATE_HZ
    host, predicted = history.lanes("mda-overdrive/drive")
    assert host[-1] == pytest.approx(89 / 90, abs=4 / 90)
    assert predicted[-1] == pytest.approx(0.25)
    # The value rose by a third a second, so each stands where it was then.
    seconds = history.seconds[-taken:]
    assert host[-taken:] - host[-1] == pytest.approx(seconds / 3, abs=1e-5)
    for at_s, decisions in ((100, 3), (101, 3), (102, 4), (103, 4)):
        history.sample(values | {"/decisions": (decisions, 0.5)}, at_s)
    assert history.decided == pytest.approx([-1.0])


@pytest.mark.parametrize(
    ("values", "step", "progress"),
    [
        ({}, "input", "todo"),
        ({"/source": ("x",), "/input/connected": (0,)}, "input", "fault"),
        ({"/source": ("x",), "/input/connected": (1,)}, "input", "done"),
        ({"/reference": ("a.wav",)}, "reference", "todo"),
        ({"/reference": ("a.wav",), "/engine/busy": ("reference",)}, "reference", "working"),
        ({"/reference": ("a.wav",), "/reference/fault": ("a.wav: no",)}, "reference", "fault"),
        ({"/reference": ("a.wav",), "/reference/report": ('{"seconds": 9}',)}, "reference", "done"),
        ({"/learn/progress": (0.4,)}, "reference", "working"),
        ({}, "chain", "todo"),
        ({"/chain": ("mda-leslie",)}, "chain", "done"),
        (
            {
                "/chain": ("mda-delay,mda-leslie",),
                "/plugins": ('[{"id": "mda-leslie", "installed": false}]',),
            },
            "chain",
            "fault",
        ),
        ({"/host": ("ardour://x:1",), "/host/state": ("lost",)}, "host", "fault"),
        ({"/host": ("embedded",), "/host/state": ("connected",)}, "host", "done"),
    ],
)
def test_a_step_tells_how_far_it_is(
    values: dict[str, Value], step: str, progress: str, manifest: Manifest
) -> None:
    chosen = values.get("/chain")
    chain = chain_of(str(chosen[0]), manifest) if chosen else None
    assert steps(values, chain)[step].progress == progress


@pytest.mark.parametrize(
    ("choice", "chosen", "used", "why", "back"),
    [
        ("source", "/x/b.wav", "/x/a.wav", "b.wav: is no sound. Still in use: a.wav.", "a.wav"),
        ("source", "/x/b.wav", "", "b.wav: is no sound.", ""),
        ("reference", "/x/b.wav", "/y/a.wav", "b.wav: is no sound. Still in use: a.wav.", "a.wav"),
        ("host", "ardour://x:1", "embedded", "Ardour: is no sound.", "embedded host"),
    ],
)
def test_a_choice_that_failed_says_what_is_used(
    choice: str, chosen: str, used: str, why: str, back: str
) -> None:
    told = {f"/{choice}": (chosen,), f"/{choice}/used": (used,)}
    step = steps(told | {f"/{choice}/fault": (f"{chosen}: is no sound",)}, None)
    failed = step[{"source": "input"}.get(choice, choice)]
    assert (failed.progress, failed.why, failed.back) == ("fault", why, back)


def test_silence_is_noticed_after_a_while_and_forgotten_with_a_note() -> None:
    watch = SignalWatch()
    assert not watch.silent(-90, 0.0)
    assert watch.silent(-90, SILENT_S + 0.1)
    assert not watch.silent(-20, SILENT_S + 0.2)
    assert not watch.silent(-90, SILENT_S + 0.3)


def test_the_status_bar_says_what_is_wrong() -> None:
    values: dict[str, Value] = {
        "/input/device": ("hw:1",),
        "/input/connected": (0,),
        "/input/rate": (44_100,),
        "/input/overflows": (2,),
        "/host/state": ("lost",),
    }
    bar = segments(values, "up")
    assert bar["device"].text == "hw:1 · 44.1 kHz"
    assert bar["overflows"].text == "2 overflows"
    assert {bar[name].level for name in ("device", "overflows", "host")} == {"bad"}
    assert segments(values, "frozen")["engine"].level == "bad"
    assert list(segments({}, "starting")) == ["engine"]


@given(st.lists(NAMES, min_size=1, max_size=2))
def test_names_survive_a_host_url(path: list[str]) -> None:
    choice = HostChoice("ardour", "127.0.0.1:3819", "", tuple(path))
    assert host_choice(choice.url) == choice


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.scheme)
def test_every_profile_has_an_address_to_start_from(profile: object) -> None:
    choice = default_choice(profile.scheme)
    assert choice.root.startswith(f"{profile.scheme}://127.0.0.1:")
    assert not choice.path
    assert host_choice(choice.url) == choice


def test_no_address_asks_for_a_host_of_the_engines_own() -> None:
    assert host_choice(EMBEDDED).own
    assert HostChoice().url == EMBEDDED


def test_a_knob_takes_over_only_where_it_meets_the_value() -> None:
    knob = Pickup()
    assert knob.moved(0.1, value=0.6) is None
    assert knob.moved(0.4, value=0.6) is None
    assert knob.moved(0.7, value=0.6) == 0.7
    assert knob.moved(0.2, value=0.7) == 0.2
    knob.lose()
    assert knob.moved(0.3, value=0.9) is None


def test_midi_is_learnt_from_the_controller_itself() -> None:
    midi = MidiMap()
    midi.learning = "match"
    pedal = mido.Message("control_change", channel=0, control=64, value=127)
    assert midi.take(pedal, HALF) is None
    assert not midi.learning
    assert midi.take(pedal.copy(value=0), HALF) is None
    assert midi.take(pedal, HALF) == ("match", 1.0)
    # Held down, a pedal repeats itself.
    assert midi.take(pedal, HALF) is None
    midi.learning = AMOUNT
    assert midi.take(mido.Message("note_on", note=60, velocity=90), HALF) is None
    assert midi.learning == AMOUNT
    knob = mido.Message("control_change", channel=1, control=7, value=127)
    midi.take(knob, HALF)
    assert midi.take(knob.copy(value=64), HALF) == (AMOUNT, pytest.approx(64 / 127))
    midi.learning = "freeze"
    midi.take(pedal.copy(value=0), HALF)
    midi.take(pedal, HALF)
    assert midi.keys == {AMOUNT: "control_change 2 7", "freeze": "control_change 1 64"}
    assert midi.take(mido.Message("clock"), HALF) is None


def test_a_knob_turns_a_parameter_of_the_chain_that_is_there(overdrive: PluginSpec) -> None:
    chain = Chain.of_plugin(overdrive)
    drive, gone = parameter_target("mda-overdrive/drive"), parameter_target("mda-delay/feedback")
    values: dict[str, Value] = {
        "/parameter/mda-overdrive/drive/normalised": (0.5,),
        "/map": (0.2, 0.5),
    }
    groups = targets(chain)
    assert groups["Parameters"][drive] == "Drive"
    assert {"recall_A", "store_D"} <= groups["Snapshots"].keys()
    assert not set(groups["Play"]) & set(groups["Snapshots"])
    midi, knob = MidiMap(), mido.Message("control_change", control=7, value=64)

    def now(target: str) -> float | None:
        return standing(target, chain, values)

    for target in (gone, drive, MAP_Y):
        midi.learning = target
        midi.take(knob, now)
    # One of another chain keeps the knob for when that comes back.
    assert list(midi.keys) == [gone, MAP_Y]
    midi.forget(MAP_Y)
    midi.learning = drive
    midi.take(knob, now)
    assert midi.take(knob.copy(value=127), now) is None
    assert midi.take(knob, now) == (drive, pytest.approx(64 / 127))
    assert orders(drive, 0.25, values) == (
        "/parameter/mda-overdrive/drive/normalised",
        (0.25,),
    )
    assert orders(MAP_Y, 0.25, values) == ("/map", (0.2, 0.25))


def test_a_preset_brings_everything_back_but_the_room(manifest: Manifest, tmp_path: Path) -> None:
    plugin = manifest.plugin("pedalboard-compressor")
    values = told(plugin, {"threshold_db": -12.5, "ratio": 4.0}, ratio__lock=(1,)) | {
        "/amount": (0.75,),
        "/source": ("my interface",),
        "/host": ("ardour://127.0.0.1:3819",),
        "/input/level": (-20.0,),
        "/reference/region": (1.0, 4.0),
        "/reference": ("/home/me/song.wav",),
        "/snapshots/named": ('{"A": "verse"}',),
    }
    values["/parameter/pedalboard-compressor/bypass"] = (1,)
    path = tmp_path / "loud é.dafx"
    save_preset(preset_of(Chain.of_plugin(plugin), values), path)
    assert b"/home/me" not in zipfile.ZipFile(path).read("preset.json")
    again = load_preset(path, manifest)
    assert again.chain.id == plugin.id
    assert again.general == (("/amount", (0.75,)),)
    own = dict(again.of_chain)
    assert own["/snapshots/named"] == ('{"A": "verse"}',)
    assert own["/parameter/pedalboard-compressor/ratio/lock"] == (1,)
    assert own["/parameter/pedalboard-compressor/threshold_db"] == (pytest.approx(-12.5),)
    assert own["/parameter/pedalboard-compressor/ratio"] == (pytest.approx(4.0),)
    assert own["/parameter/pedalboard-compressor/bypass"] == (1,)


def test_the_reference_travels_inside_a_preset(
    manifest: Manifest, tmp_path: Path, reference_path: Path
) -> None:
    chain, there = Chain.of_plugin(manifest.plugin("mda-delay")), tmp_path / "there"
    flac = cut_flac(reference_path, 2.0, 5.0)
    path = path_of("Lead: wide / long", tmp_path)
    sent = preset_of(chain, {}, "Lead: wide / long", ("lead", "wide"), Carried("song.wav", flac))
    save_preset(sent, path)
    again = load_preset(path, manifest)
    assert (again.name, again.tags) == ("Lead: wide / long", ("lead", "wide"))
    with AudioReader(reference_path) as whole, AudioReader(unpack(again.reference, there)) as part:
        rate, audio, cut = whole.sample_rate, whole.rest(), part.rest()
        assert part.sample_rate == rate
    expected = audio[:, 2 * rate : 5 * rate]
    assert cut.shape == expected.shape
    assert np.abs(cut - expected).max() < 1e-6
    # It is written below that folder alone, whatever it is called.
    mean = unpack(Carried("../../../etc/cron\\x y.wav", flac), there)
    assert mean.parent.parent == there
    assert unpack(again.reference, there).name == "song.flac"


def test_presets_are_found_by_name_tag_plugin_and_reference(
    manifest: Manifest, tmp_path: Path
) -> None:
    assert tags_of(" lead, wide,, lead ") == ("lead", "wide")
    for name, plugin, tags in (("Solo", "mda-delay", ("lead",)), ("Amp", "mda-overdrive", ())):
        preset = preset_of(Chain.of_plugin(manifest.plugin(plugin)), {}, name, tags)
        save_preset(preset, path_of(name, tmp_path))
    (tmp_path / "broken.dafx").write_bytes(b"PK\x03\x04 no zip")
    found = {entry.name: entry for entry in entries(tmp_path)}
    assert list(found) == ["Amp", "broken", "Solo"]
    assert "cannot be read" in found["broken"].fault
    assert found["Solo"].is_found_by("LEAD del")
    assert not found["Amp"].is_found_by("lead")
    rename_preset(found["Solo"].path, "Sólo", ("live",))
    again = load_preset(found["Solo"].path, manifest)
    assert (again.name, again.tags, again.chain.id) == ("Sólo", ("live",), "mda-delay")


def test_a_preset_unpacks_to_no_more_than_it_may(manifest: Manifest, tmp_path: Path) -> None:
    path = tmp_path / "bomb.dafx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("preset.json", " " * (5 << 20))
    with pytest.raises(PresetError, match="larger than 4 MiB"):
        load_preset(path, manifest)


def test_a_preset_of_a_chain_keeps_every_slot(library: Library, tmp_path: Path) -> None:
    chain = chain_of("four-slots/reverb,mda-overdrive,four-slots/drive", library.manifest)
    values: dict[str, Value] = {
        "/parameter/mda-overdrive/drive": (0.7,),
        "/parameter/drive/drive": (0.2,),
        "/parameter/reverb/bypass": (1,),
        "/parameter/reverb/bypass/lock": (1,),
    }
    save_preset(preset_of(chain, values), tmp_path / "x.json")
    again = load_preset(tmp_path / "x.json", library.manifest)
    assert again.chain == chain
    assert again.setting.values["mda-overdrive/drive"] == pytest.approx(0.7)
    assert again.setting.values["drive/drive"] == pytest.approx(0.2)
    assert again.setting.bypassed == {"reverb"}
    assert dict(again.of_chain)["/parameter/reverb/bypass/lock"] == (1,)


def test_a_preset_from_before_chains_still_opens(manifest: Manifest, tmp_path: Path) -> None:
    old = {
        "format": "dafx-bridge preset",
        "version": 1,
        "plugin": "mda-overdrive",
        "settings": {
            "/reference": ["song.wav"],
            "/memory": [2.5],
            "/amount": [0.25],
            "/parameter/muffle/lock": [1],
            "/parameter/drive/smoothing": [0.5],
        },
        "parameters": {"drive": 0.8, "muffle": 0.1, "output": 0.4},
    }
    path = tmp_path / "old.dafx.json"
    path.write_text(json.dumps(old))
    preset = load_preset(path, manifest)
    assert preset.chain.id == "mda-overdrive"
    assert dict(preset.general) == {
        "/reference": ("song.wav",),
        "/averaging": (2.5,),
        "/amount": (0.25,),
    }
    own = dict(preset.of_chain)
    assert own["/parameter/mda-overdrive/muffle/lock"] == (1,)
    assert own["/parameter/mda-overdrive/drive/smoothing"] == (0.5,)
    assert own["/parameter/mda-overdrive/drive"] == (pytest.approx(0.8),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"format": "other"}',
        '{"format": "dafx-bridge preset", "version": 9}',
        '{"format": "dafx-bridge preset", "version": 1, "plugin": "nobody", "parameters": {},'
        ' "settings": {}}',
        '{"format": "dafx-bridge preset", "version": 1, "plugin": "mda-delay"}',
        '{"format": "dafx-bridge preset", "version": 1, "plugin": "mda-delay", "settings": {},'
        ' "parameters": {"l_delay": "x"}}',
        '{"format": "dafx-bridge preset", "version": 2, "chain": "mda-delay", "settings": {},'
        ' "parameters": {"l_delay": 0.5}}',
        '{"format": "dafx-bridge preset", "version": 2, "chain": "guitar-amp/none",'
        ' "settings": {}, "parameters": {}}',
    ],
)
def test_what_is_no_preset_is_refused_in_one_line(
    text: str, manifest: Manifest, tmp_path: Path
) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(PresetError) as refused:
        load_preset(path, manifest)
    assert "\n" not in str(refused.value)


def test_a_setting_is_exported_as_json(manifest: Manifest, tmp_path: Path) -> None:
    chain = chain_of("mda-overdrive,pedalboard-compressor", manifest)
    values = {"pedalboard-compressor/threshold_db": -12.0, "mda-overdrive/bypass": 1.0}
    setting = ChainSetting.of_values(chain, values)
    export_json(setting, tmp_path / "x.json")
    told_back = json.loads((tmp_path / "x.json").read_text())
    assert [slot["plugin"] for slot in told_back["slots"]] == chain.id.split(",")
    assert [slot["bypassed"] for slot in told_back["slots"]] == [True, False]
    assert told_back["slots"][1]["parameters"]["threshold_db"] == {
        "name": "Threshold",
        "value": pytest.approx(-12.0),
        "unit": "dB",
        "normalised": pytest.approx(0.8),
    }
    with pytest.raises(ExportError):
        export_lv2(setting.settings[1], "x", tmp_path)
    with pytest.raises(ExportError):
        export_json(setting, tmp_path / "x.json" / "below a file")


def test_every_lv2_slot_of_a_chain_is_exported(manifest: Manifest, tmp_path: Path) -> None:
    chain = chain_of("mda-overdrive,pedalboard-compressor,mda-overdrive", manifest)
    setting = ChainSetting.of_values(chain, {"mda-overdrive-2/drive": 0.625})
    bundles = export_lv2_chain(setting, "Crunch", tmp_path)
    assert has_lv2(chain)
    assert len(set(bundles)) == 2
    last = next(path for path in bundles[1].glob("*.ttl") if path.name != "manifest.ttl")
    assert 'lv2:symbol "drive" ; pset:value 0.625' in last.read_text()
    assert not has_lv2(chain_of("pedalboard-delay", manifest))


def test_a_snapshot_is_pinned_where_its_setting_lies(overdrive: PluginSpec) -> None:
    draw = np.random.default_rng(0)
    cloud = MapPicture(draw.random((40, 2)), draw.random((40, 3)), draw.random((40, 3)))
    near = np.clip(cloud.settings[7] + 1e-3, 0, 1)
    assert cloud.place_of(Setting(overdrive, tuple(near.tolist()))) == tuple(cloud.points[7])


def test_every_action_has_a_key_of_its_own() -> None:
    assert all(action.keys for action in ACTIONS)
    for attribute in ("keys", "id", "text"):
        values = [getattr(action, attribute) for action in ACTIONS]
        assert len(set(values)) == len(values)


def test_the_field_of_the_map_is_strongest_where_settings_come_nearest() -> None:
    heard: list[float] = []
    for n in range(24):
        heard += (0.2 + n / 400, 0.8, 0.4 if n % 2 else 0.5)
        heard += (0.7 + n / 400, 0.3, 2.0)
    near = nearness(heard)
    assert near is not None
    rows, columns = near.shape

    def at(x: float, y: float) -> float:
        return float(near[int(y * rows), int(x * columns)])

    assert at(0.22, 0.8) > 0.9
    # Far off, and where nothing was tried, is no colour.
    assert at(0.72, 0.3) == pytest.approx(0, abs=0.01)
    assert at(0.5, 0.05) == pytest.approx(0, abs=0.01)
    assert nearness(heard[: 3 * 10]) is None
    assert nearness(heard[:-1]) is None
    assert nearness([0.5, 0.5, 1.0] * 30) is None
