from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import ManifestError
from bridge.manifest import Manifest, ParamSpec, PluginSpec, Setting, read_manifest

PLUGIN = """
schema: 1
plugins:
  - id: one
    name: One
    kind: gain
    formats: {builtin: Gain}
    parameters:
      - {symbol: gain_db, name: Gain, min: -12.0, max: 12.0, default: 0.0, unit: dB, scale: linear}
"""


def load(tmp_path: Path, text: str) -> Manifest:
    path = tmp_path / "manifest.yaml"
    path.write_text(text)
    return read_manifest(path)


@pytest.mark.parametrize(
    ("change", "with_", "entry", "says"),
    [
        ("min: -12.0", "min: 12.0", "one, gain_db", "must be below max"),
        ("name: One", "name: One\n    colour: red", "one, colour", "unknown key"),
        ("default: 0.0", "default: 13.0", "one, gain_db", "lies outside -12..12"),
        ("scale: linear", "scale: log", "one, gain_db", "needs min above 0"),
        ("scale: linear", "scale: enum", "one, gain_db", "choices"),
        ("scale: linear", "scale: cubic", "one, gain_db, scale", "'linear'"),
        ("symbol: gain_db", "symbol: bypass", "one, bypass", "bypass of its own"),
        ("max: 12.0", "max: .nan", "one, gain_db, max", "finite"),
        ("    kind: gain\n", "", "one, kind", "is missing"),
        ("formats: {builtin: Gain}", "formats: {}", "one, formats", "name lv2, builtin or vst3"),
        ("kind: gain", "kind: gain\n    kind: boost", "line 4", "'kind' is a duplicate"),
        ("schema: 1", "schema: 2", "schema", "should be 1"),
        ("plugins:", "plugins: [", "line", ""),
    ],
)
def test_a_fault_is_one_line_with_file_entry_and_remedy(
    tmp_path: Path, change: str, with_: str, entry: str, says: str
) -> None:
    assert change in PLUGIN
    with pytest.raises(ManifestError) as caught:
        load(tmp_path, PLUGIN.replace(change, with_))
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'manifest.yaml'}, {entry}")
    assert says in message
    assert "\n" not in message


def test_duplicates_of_plugins_and_symbols_are_named(tmp_path: Path) -> None:
    entry = PLUGIN.split("plugins:\n")[1]
    with pytest.raises(ManifestError, match="id one is a duplicate"):
        load(tmp_path, PLUGIN + entry)
    parameter = entry.split("parameters:\n")[1]
    with pytest.raises(ManifestError, match="one: symbol gain_db is a duplicate"):
        load(tmp_path, PLUGIN + parameter)


RIG = """
rigs:
  - id: pair
    name: Pair
    kind: gain
    slots:
      - {slot: first, plugin: one, start: {gain_db: 3.0}}
      - {slot: second, plugin: one, optional: true}
"""


@pytest.mark.parametrize(
    ("change", "with_", "entry", "says"),
    [
        ("slot: second", "slot: first", "pair", "slot first is a duplicate"),
        ("slot: second", "slot: Second!", "pair, Second!, slot", "match pattern"),
        ("optional: true", "optionel: true", "pair, second, optionel", "unknown key"),
        ("    kind: gain\n    slots", "    slots", "pair, kind", "is missing"),
        ("gain_db: 3.0", "gain_db: .inf", "pair, first, start, gain_db", "finite"),
        (
            "rigs:",
            "rigs:\n  - {id: pair, name: P, kind: k, slots: [{slot: a, plugin: one}]}",
            "the whole file",
            "id pair is a duplicate",
        ),
    ],
)
def test_a_fault_of_a_rig_is_one_line_too(
    tmp_path: Path, change: str, with_: str, entry: str, says: str
) -> None:
    assert change in RIG
    with pytest.raises(ManifestError) as caught:
        load(tmp_path, PLUGIN + RIG.replace(change, with_))
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'manifest.yaml'}, {entry}")
    assert says in message
    assert "\n" not in message


def test_a_table_may_hold_rigs_alone(tmp_path: Path) -> None:
    rigs = load(tmp_path, f"schema: 1{RIG}")
    assert rigs.plugins == ()
    with pytest.raises(ManifestError, match="rig pair, slot first: unknown plugin 'one'"):
        Manifest.merged([rigs])
    whole = Manifest.merged([load(tmp_path, PLUGIN), rigs])
    assert [slot.slot for slot in whole.rig("pair").slots] == ["first", "second"]
    with pytest.raises(ManifestError, match="unknown rig 'trio'; the manifest holds pair"):
        whole.rig("trio")


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="cannot be read"):
        read_manifest(tmp_path / "none.yaml")


def test_the_shipped_manifest_lists_the_plugins_by_id(manifest: Manifest) -> None:
    assert manifest.plugin("mda-overdrive").formats.lv2 == (
        "http://drobilla.net/plugins/mda/Overdrive"
    )
    assert manifest.plugin("pedalboard-distortion").formats.builtin == "Distortion"
    with pytest.raises(ManifestError, match="holds mda-overdrive, mda-delay"):
        manifest.plugin("fuzz")


def test_the_shipped_rigs_are_of_shipped_plugins(manifest: Manifest) -> None:
    rigs = ["guitar-amp", "guitar-amp-lv2", "mda-amp", "vocal"]
    assert [rig.id for rig in manifest.rigs] == rigs
    assert all(slot.plugin.startswith("pedalboard-") for slot in manifest.rig("guitar-amp").slots)
    assert all(manifest.plugin(s.plugin).formats.lv2 for s in manifest.rig("guitar-amp-lv2").slots)
    optional = {rig.id: [s.slot for s in rig.slots if s.optional] for rig in manifest.rigs}
    assert optional == {
        "guitar-amp": ["delay", "reverb"],
        "guitar-amp-lv2": ["delay", "reverb"],
        "mda-amp": ["delay", "reverb"],
        "vocal": ["gate", "delay", "reverb"],
    }


def spec(scale: str, low: float, high: float, **more: object) -> ParamSpec:
    return ParamSpec.model_validate(
        {"symbol": "x", "name": "X", "min": low, "max": high, "default": low, "scale": scale} | more
    )


CHOICES = [{"label": str(v), "value": v} for v in (0.0, 0.5, 1.0)]
SPECS = [
    spec("linear", -20, 60),
    spec("log", 20, 20_000),
    spec("integer", 1, 9),
    spec("toggle", 0, 1),
    spec("enum", 0, 1, choices=CHOICES),
]


@given(st.sampled_from(SPECS), st.floats(0, 1))
def test_real_values_survive_the_way_to_normalised_and_back(
    parameter: ParamSpec, normalised: float
) -> None:
    real = parameter.to_real(normalised)
    assert parameter.min <= real <= parameter.max
    assert parameter.to_real(parameter.to_normalised(real)) == pytest.approx(real)


def test_scales_map_as_named() -> None:
    linear, log, integer, toggle, enum = SPECS
    assert linear.to_real(0.25) == 0
    assert log.to_real(0.5) == pytest.approx((20 * 20_000) ** 0.5)
    assert integer.to_real(0.5) == 5
    assert (toggle.to_real(0.4), toggle.to_real(0.6)) == (0, 1)
    assert [enum.to_real(x) for x in (0.1, 0.4, 0.9)] == [0, 0.5, 1]


def test_classes_lie_evenly_and_a_value_belongs_to_the_nearest() -> None:
    *_, toggle, enum = SPECS
    for parameter in (toggle, enum):
        numbers = range(parameter.classes)
        values = [parameter.normalised_of_class(number) for number in numbers]
        assert values == np.linspace(0, 1, parameter.classes).tolist()
        assert [parameter.class_of(value) for value in values] == [*numbers]
    assert [enum.class_of(x) for x in (-1, 0.24, 0.25, 0.74, 0.75, 2)] == [0, 0, 1, 1, 2, 2]
    assert [toggle.class_of(x) for x in (0.49, 0.5)] == [0, 1]
    only = spec("enum", 0, 1, choices=CHOICES[:1])
    assert (only.normalised_of_class(0), only.class_of(1.0)) == (0.0, 0)


def test_a_setting_refuses_what_no_plugin_can_take(overdrive: PluginSpec) -> None:
    for values in ((0.1, 0.2), (0.1, 0.2, 1.5), (0.1, float("nan"), 0.2)):
        with pytest.raises(ManifestError):
            Setting(overdrive, values)
    with pytest.raises(ManifestError, match="has no parameter 'tone'"):
        Setting.of_values(overdrive, {"tone": 0.5})


def test_parameters_that_are_not_predicted_keep_their_default(overdrive: PluginSpec) -> None:
    parameters = tuple(
        p.model_copy(update={"predicted": p.symbol != "muffle"}) for p in overdrive.parameters
    )
    plugin = overdrive.model_copy(update={"parameters": parameters})
    setting = Setting.of_predicted(plugin, [0.7, 0.9])
    assert setting.values == {"drive": 0.7, "muffle": 0.0, "output": 0.9}
    assert setting.predicted == (0.7, 0.9)
