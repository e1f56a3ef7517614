"""What is made of a plugin's description and of a probe's findings, and how it is written."""

from pathlib import Path

import numpy as np
import pytest

from bridge.adding.clips import RATE_HZ, clips
from bridge.adding.draft import Draft, free_id
from bridge.adding.entry import Entry, entry_of
from bridge.adding.hearing import apart_db, level_db, peak_db, residue_db, spectra_db
from bridge.adding.probe import Findings, Heard
from bridge.adding.user_table import with_entry, write_entry
from bridge.adding.vst3_draft import draft_of_description
from bridge.adding.words import is_bypass, kind_of_words, rounded
from bridge.effects.vst3_description import Vst3Description, Vst3Parameter
from bridge.errors import ManifestError
from bridge.library import SHIPPED, Library
from bridge.manifest import Formats, ParamSpec, PluginSpec, read_manifest

SHIPPED_ALONE = Library((SHIPPED,))


def spec(symbol: str, **more: object) -> ParamSpec:
    fields = {"symbol": symbol, "name": symbol.title(), "min": 0, "max": 1, "default": 0.1}
    return ParamSpec.model_validate(fields | {"scale": "linear"} | more)


def entry(plugin_id: str = "my-fuzz", name: str = "My Fuzz: #1") -> Entry:
    plugin = PluginSpec(
        id=plugin_id,
        name=name,
        kind="distortion",
        formats=Formats(lv2="urn:test:fuzz"),
        parameters=(
            spec("drive", unit="dB", min=-0.1, max=20.5),
            spec("tone"),
            spec("boost"),
            spec("late"),
            spec("on", scale="toggle", default=1),
            spec(
                "mode",
                scale="enum",
                default=0,
                choices=[{"label": "Soft: a", "value": 0}, {"label": "[hard]", "value": 1}],
            ),
        ),
        isolated=True,
    )
    draft = Draft(
        plugin, "urn:test:fuzz", "1 in, 1 out", {"on": "it is a bypass"}, False, ("x: y",)
    )
    heard = {
        "drive": Heard(8.0),
        "tone": Heard(0.01),
        "boost": Heard(30.0, "at 1 it is dangerously loud"),
        "late": Heard(),
        "on": Heard(20.0),
        "mode": Heard(3.0),
    }
    return entry_of(draft, Findings(64, 0.0, True, 2.0, heard, 1.0, ("late",)))


def test_an_entry_holds_what_is_not_worth_a_search_and_says_why() -> None:
    made = entry()
    assert made.held == {
        "tone": "inaudible",
        "boost": "at 1 it is dangerously loud",
        "late": "not tried, for lack of time",
        "on": "it is a bypass",
    }
    assert [p.symbol for p in made.plugin.predicted] == ["drive", "mode"]
    assert made.plugin.fixed_block
    for told in ("64 frames late", "as new after a reset", "Not listed: x: y", "held: inaudible"):
        assert told in made.text


def test_what_is_written_is_read_back_the_same(tmp_path: Path) -> None:
    file, made = tmp_path / "new" / "plugins_manifest.yaml", entry()
    write_entry(file, made, SHIPPED_ALONE)
    assert read_manifest(file).plugins == (made.plugin,)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


BY_HAND = """\
# mine
schema: 1
plugins:
    # the first
    - id: my-gain   # a remark
      name: My Gain
      kind: gain
      formats: {builtin: Gain}
      parameters:
        - {symbol: gain_db, name: G, min: -24, max: 24, default: 0, unit: dB, scale: linear}

# rigs of mine
rigs:
  - {id: my-rig, name: My Rig, kind: gain, slots: [{slot: first, plugin: my-gain}]}
"""


def test_what_a_person_wrote_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "plugins_manifest.yaml"
    file.write_text(BY_HAND)
    write_entry(file, entry(), SHIPPED_ALONE)
    text = file.read_text()
    before, after = BY_HAND.split("\n\n")
    assert text.startswith(before)
    assert text.endswith(after)
    manifest = read_manifest(file)
    assert [plugin.id for plugin in manifest.plugins] == ["my-gain", "my-fuzz"]
    assert manifest.rigs[0].id == "my-rig"


def test_what_is_added_again_takes_its_own_place(tmp_path: Path) -> None:
    file = tmp_path / "plugins_manifest.yaml"
    file.write_text(BY_HAND)
    write_entry(file, entry(), SHIPPED_ALONE)
    write_entry(file, entry("another"), SHIPPED_ALONE)
    once = file.read_text()
    write_entry(file, entry(name="Renamed"), SHIPPED_ALONE)
    manifest = read_manifest(file)
    assert [plugin.id for plugin in manifest.plugins] == ["my-gain", "my-fuzz", "another"]
    assert manifest.plugin("my-fuzz").name == "Renamed"
    write_entry(file, entry(), SHIPPED_ALONE)
    assert file.read_text() == once


def test_a_table_of_rigs_alone_gets_its_plugins(tmp_path: Path) -> None:
    file = tmp_path / "plugins_manifest.yaml"
    file.write_text("schema: 1\nrigs: []\nplugins: []\n")
    write_entry(file, entry(), SHIPPED_ALONE)
    assert [plugin.id for plugin in read_manifest(file).plugins] == ["my-fuzz"]


@pytest.mark.parametrize(
    "text", ["schema: 1\nplugins: [{id: x}]\n", "- 1\n", "a: [\n", "schema: 2\n"]
)
def test_a_table_that_cannot_be_used_stays_untouched(tmp_path: Path, text: str) -> None:
    file = tmp_path / "plugins_manifest.yaml"
    file.write_text(text)
    with pytest.raises(ManifestError):
        write_entry(file, entry(), SHIPPED_ALONE)
    assert file.read_text() == text


def test_a_new_table_says_what_it_is() -> None:
    assert with_entry("schema: 1\nplugins:\n", entry(), Path("x")).startswith("schema: 1\nplugins:")


def test_ids_are_free() -> None:
    assert free_id("GxAmp (Stéréo)", ()) == "gxamp-st-r-o"
    assert free_id("fuzz", {"fuzz", "fuzz-2"}) == "fuzz-3"
    assert free_id("…", ()) == "plugin"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["Plugin", "ReverbPlugin"], "reverb"),
        (["MultiEQPlugin"], "equalizer"),
        (["CompressorPlugin", "A Delay"], "compressor"),
        (["Plugin", "Gx Tube Screamer"], "effect"),
        (["Plugin", "x42-eq"], "equalizer"),
        (["Plugin", "Sequence"], "effect"),
    ],
)
def test_kinds(words: list[str], kind: str) -> None:
    assert kind_of_words(words) == kind


def test_words() -> None:
    assert is_bypass("BYPASS", "")
    assert is_bypass("x", "On/Off")
    assert not is_bypass("tone", "Tone")
    assert rounded(float(np.float32(0.1))) == 0.1


def test_hearing_tells_what_is_louder_or_other() -> None:
    clip = clips()
    base = spectra_db(clip, RATE_HZ)
    assert apart_db(base, base) == 0
    assert apart_db(base, spectra_db(0.5 * clip, RATE_HZ)) == pytest.approx(6.0, abs=0.6)
    assert apart_db(base, spectra_db(-clip, RATE_HZ)) == 0
    assert peak_db(clip) == pytest.approx(-6.02, abs=0.01)
    assert residue_db(clip, 1.01 * clip) == pytest.approx(-40, abs=0.1)
    assert level_db(np.zeros((1, 4), np.float32)) == -100


def told(symbol: str, texts: list[str], steps: int = 0, **more: object) -> Vst3Parameter:
    """A parameter that shows these texts evenly from 0 to 1, and takes them back."""
    places = np.linspace(0, 1, len(texts)).tolist()
    shown = tuple(zip((*places, 0.0), (*texts, texts[0]), strict=True))
    fields = {"symbol": symbol, "name": symbol, "unit": "", "steps": steps, "back": tuple(places)}
    fields |= {"is_automatable": True, "default": 0.0, "texts": shown}
    return Vst3Parameter(**{**fields, **more})  # type: ignore[arg-type]


def drafted(*parameters: Vst3Parameter) -> Draft:
    description = Vst3Description("My Fuzz", "Fx|Distortion", True, 2, parameters)
    return draft_of_description(Path("/x/My Fuzz.vst3"), description, False, ())


NUMBERS = ["1.0", "2.0", "3.0", "4.0", "5.0"]


@pytest.mark.parametrize(
    ("given", "scale", "low", "high", "unit"),
    [
        (told("a", NUMBERS), "linear", 1, 5, ""),
        (told("a", ["20 Hz", "63 Hz", "200 Hz", "630 Hz", "2000 Hz"]), "log", 20, 2000, "Hz"),
        (told("a", ["0", "1", "2"], steps=3), "integer", 0, 2, ""),
        (told("a", ["off", "on"], steps=2), "toggle", 0, 1, ""),
        (told("a", ["Soft", "Hard", "Odd"], steps=3), "enum", 0, 1, ""),
    ],
)
def test_what_a_vst3_shows_is_its_range(
    given: Vst3Parameter, scale: str, low: float, high: float, unit: str
) -> None:
    (made,) = drafted(given).plugin.parameters
    assert (made.scale, made.min, made.max, made.unit) == (scale, low, high, unit)
    assert not made.raw


@pytest.mark.parametrize(
    "given",
    [
        told("a", ["low", "", "mid", "", "high"]),
        told("a", ["900 Hz", "950 Hz", "1 kHz", "1.1 kHz", "1.2 kHz"]),
        told("a", ["5.0", "4.0", "3.0", "2.0", "1.0"]),
        # Shows numbers that it does not take back.
        told("a", NUMBERS, back=(0.0, 0.0, 0.0, 0.0, 0.0)),
    ],
)
def test_a_vst3_whose_texts_are_of_no_use_is_turned_by_its_own_values(given: Vst3Parameter) -> None:
    (made,) = drafted(given).plugin.parameters
    assert (made.raw, made.scale, made.min, made.max) == (True, "linear", 0, 1)


def test_what_a_vst3_shows_evenly_is_displayed() -> None:
    given = told("a", ["0 %", "25 %", "50 %", "75 %", "100 %"], back=(0.0,) * 5)
    (made,) = drafted(given).plugin.parameters
    assert made.display is not None
    assert (made.display.low, made.display.high, made.display.unit) == (0, 100, "%")


def test_parameters_of_a_vst3_that_are_no_knobs() -> None:
    draft = drafted(
        told("drive", NUMBERS),
        told("bypass", ["off", "on"], steps=2),
        told("current_program", ["a", "b"], steps=2),
        told("meter", NUMBERS, is_automatable=False),
        told("power", ["off", "on"], steps=2),
    )
    assert [p.symbol for p in draft.plugin.parameters] == ["drive", "power"]
    assert list(draft.held) == ["power"]
    assert len(draft.left_out) == 2
