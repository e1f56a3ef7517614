import numpy as np
import pytest

from bridge.chain import Chain, ChainSetting, chain_of
from bridge.errors import ManifestError
from bridge.manifest import Manifest, PluginSpec, Setting


@pytest.fixture(scope="module")
def amp(manifest: Manifest) -> Chain:
    return chain_of("guitar-amp", manifest)


def slot_ids(chain: Chain) -> list[str]:
    return [slot.id for slot in chain.slots]


def test_a_plugin_is_a_chain_of_one(overdrive: PluginSpec, manifest: Manifest) -> None:
    chain = chain_of("mda-overdrive", manifest)
    assert chain == Chain.of_plugin(overdrive)
    assert (chain.id, chain.name, slot_ids(chain)) == (
        "mda-overdrive",
        "mda Overdrive",
        ["mda-overdrive"],
    )
    assert [p.address for p in chain.parameters] == [
        "mda-overdrive/drive",
        "mda-overdrive/muffle",
        "mda-overdrive/output",
    ]
    assert chain.switches == ("mda-overdrive/bypass",)
    assert ChainSetting.start(chain).settings == (Setting.default(overdrive),)


def test_a_rig_is_its_slots_with_their_starts(amp: Chain, manifest: Manifest) -> None:
    assert (amp.id, amp.name) == ("guitar-amp", "Guitar Amplifier")
    assert slot_ids(amp) == [
        *("tighten", "push", "drive", "lows", "mids", "highs", "cabinet"),
        *("delay", "reverb", "level"),
    ]
    assert [slot.id for slot in amp.slots if slot.optional] == ["delay", "reverb"]
    start = ChainSetting.start(amp)
    assert start.values["push/cutoff_frequency_hz"] == pytest.approx(800)
    assert start.values["mids/cutoff_frequency_hz"] == pytest.approx(700)
    assert start.values["push/gain_db"] == 0
    assert not start.bypassed


def test_a_text_joins_plugins_rigs_and_slots_of_rigs(manifest: Manifest) -> None:
    chain = chain_of("mda-delay, vocal/air ,guitar-amp", manifest)
    assert slot_ids(chain)[:3] == ["mda-delay", "air", "tighten"]
    assert slot_ids(chain)[2:] == slot_ids(chain_of("guitar-amp", manifest))
    assert chain.id == "mda-delay,vocal/air,guitar-amp"
    assert chain.slot("air").start.values["cutoff_frequency_hz"] == pytest.approx(8_000)
    # What asks for a chain gives it again.
    assert chain_of(chain.id, manifest) == chain


def test_slots_of_one_name_are_numbered(manifest: Manifest) -> None:
    chain = chain_of("pedalboard-peak,pedalboard-peak,pedalboard-peak", manifest)
    assert slot_ids(chain) == ["pedalboard-peak", "pedalboard-peak-2", "pedalboard-peak-3"]
    both = chain_of("guitar-amp,vocal", manifest)
    assert {"delay-2", "reverb-2", "level-2"} <= set(slot_ids(both))
    alone = [chain_of(name, manifest) for name in ("guitar-amp", "vocal")]
    assert len(set(slot_ids(both))) == len(both.slots) == sum(len(c.slots) for c in alone)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fuzz", "unknown plugin 'fuzz'.* and the rigs guitar-amp, guitar-amp-lv2, mda-amp, vocal"),
        ("guitar-amp/gate", "rig guitar-amp has no slot 'gate'; it has tighten, push"),
        ("mda-delay/delay", "unknown plugin 'mda-delay/delay'"),
        ("", "but '' leaves one empty"),
        ("mda-delay,", "but 'mda-delay,' leaves one empty"),
        (",".join(["mda-delay"] * 65), "may have 64 slots, not 65"),
        ("mda-delay, ,mda-combo", "but 'mda-delay, ,mda-combo' leaves one empty"),
    ],
)
def test_an_unknown_name_is_told_with_what_is_there(
    manifest: Manifest, text: str, says: str
) -> None:
    with pytest.raises(ManifestError, match=says):
        chain_of(text, manifest)


def test_a_name_means_the_one_slot_that_has_it(amp: Chain) -> None:
    assert amp.resolved("drive_db") == "drive/drive_db"
    assert amp.resolved("mids/gain_db") == "mids/gain_db"
    assert amp.resolved("reverb/bypass") == "reverb/bypass"
    with pytest.raises(ManifestError, match="it has push/gain_db, lows/gain_db"):
        amp.resolved("gain_db")
    with pytest.raises(ManifestError, match="has no parameter 'tone'; it has tighten/"):
        amp.resolved("tone")


def test_values_travel_by_address_and_bypass_is_one_of_them(amp: Chain) -> None:
    setting = ChainSetting.of_values(
        amp, {"drive/drive_db": 30.0, "delay/mix": 0.2, "reverb/bypass": 1.0}
    )
    assert setting.values["drive/drive_db"] == pytest.approx(30.0)
    assert setting.bypassed == {"reverb"}
    assert setting.all_values["reverb/bypass"] == 1.0
    assert setting.all_values["delay/bypass"] == 0.0
    again = ChainSetting.of_values(amp, setting.all_values)
    assert again.bypassed == setting.bypassed
    assert again.normalised == pytest.approx(setting.normalised)
    back = setting.with_values({"reverb/bypass": 0.0, "lows/gain_db": -6.0})
    assert not back.bypassed
    assert back.values["drive/drive_db"] == pytest.approx(30.0)
    with pytest.raises(ManifestError, match="has no parameter 'drive/tone'"):
        setting.with_values({"drive/tone": 1.0})


def test_predicted_values_fill_the_slots_and_the_rest_stays_at_its_start(amp: Chain) -> None:
    values = np.linspace(0, 1, len(amp.predicted)).tolist()
    setting = ChainSetting.of_predicted(amp, values, ["delay"])
    assert setting.predicted == pytest.approx(values)
    assert setting.bypassed == {"delay"}
    held = {p.address for p in amp.parameters} - {p.address for p in amp.predicted}
    assert held == {"reverb/width", "reverb/freeze_mode"}
    start = ChainSetting.start(amp)
    assert {a: setting.values[a] for a in held} == {a: start.values[a] for a in held}
    assert ChainSetting.of_normalised(amp, setting.normalised, ["delay"]) == setting


def test_a_chain_is_dry_where_every_slot_is_left_out(amp: Chain) -> None:
    setting = ChainSetting.start(amp)
    assert not setting.without(slot_ids(amp)[1:]).dry
    assert setting.without(slot_ids(amp)).dry
    assert not setting.without(slot_ids(amp)).without([]).bypassed


def test_a_setting_of_other_slots_is_refused(amp: Chain, overdrive: PluginSpec) -> None:
    with pytest.raises(ManifestError, match="guitar-amp takes settings of"):
        ChainSetting(amp, (Setting.default(overdrive),))
    with pytest.raises(ManifestError, match="has no slot 'gate'"):
        ChainSetting.start(amp).without(["gate"])
