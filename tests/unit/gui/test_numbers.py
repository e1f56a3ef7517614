"""Values in the units that the plugin itself shows, and typed in any of them."""

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from bridge.chain import Chain, ChainSetting
from bridge.effects import load_chain
from bridge.manifest import Display, Manifest
from gui.views.numbers import real_of, real_text, shown, typed
from gui.widgets.fields import NumberField


@pytest.mark.parametrize(
    ("plugin", "symbol", "real", "words"),
    [
        ("mda-overdrive", "drive", 0.25, "25.0 %"),
        ("mda-overdrive", "output", 0.5, "0.0 dB"),
        ("mda-overdrive", "output", 0.4999, "0.0 dB"),
        ("mda-delay", "output", 0.5, "0.0 dB"),
        ("mda-delay", "output", 0.0, "-60.0 dB"),
        ("mda-ambience", "size", 0.7, "7.00 m"),
        ("mda-dynamics", "thresh", 0.6, "-16.0 dB"),
        ("mda-delay", "l_delay", 0.5, "0.500"),
    ],
)
def test_a_value_is_shown_as_the_plugin_shows_it(
    manifest: Manifest, plugin: str, symbol: str, real: float, words: str
) -> None:
    spec = manifest.plugin(plugin).parameter(symbol)
    assert real_text(spec, real) == words
    assert real_of(spec, shown(spec, 0.625)) == pytest.approx(0.625)


@pytest.mark.parametrize("plugin", ["mda-overdrive", "mda-delay", "mda-ambience", "mda-combo"])
def test_the_decibels_of_an_output_are_true(manifest: Manifest, plugin: str) -> None:
    chain = Chain.of_plugin(manifest.plugin(plugin))
    spec = manifest.plugin(plugin).parameter("output")
    noise = 0.05 * np.random.default_rng(0).standard_normal((2, 24_000)).astype(np.float32)
    levels = []
    for real in (0.375, 0.625):
        setting = ChainSetting.start(chain).with_values({f"{plugin}/output": real})
        with load_chain(chain).open(48_000, 2, setting) as stream:
            heard = np.concatenate(
                [stream.process(noise[:, at : at + 480]) for at in range(0, 24_000, 480)], axis=1
            )
        levels.append(20 * np.log10(np.sqrt(np.mean(heard[:, 12_000:] ** 2))))
    assert levels[1] - levels[0] == pytest.approx(shown(spec, 0.625) - shown(spec, 0.375), abs=0.3)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("-18.5", -18.5),
        ("-18,5 dB", -18.5),
        ("-18.5dB", -18.5),
        ("+3 db", 3.0),
        ("\u22126 dB", -6.0),
        ("3 Hz", None),
        ("loud", None),
        ("", None),
    ],
)
def test_what_is_typed_is_understood_with_its_unit(
    manifest: Manifest, text: str, number: float | None
) -> None:
    assert typed(manifest.plugin("pedalboard-compressor").parameter("threshold_db"), text) == number


def test_a_unit_is_converted(manifest: Manifest) -> None:
    cutoff = manifest.plugin("pedalboard-highpass").parameter("cutoff_frequency_hz")
    assert typed(cutoff, "1.2 kHz") == 1200
    attack = manifest.plugin("pedalboard-compressor").parameter("attack_ms")
    assert typed(attack, "0.02 s") == pytest.approx(20)


def test_a_field_takes_what_is_shown_and_gives_what_the_plugin_takes(
    manifest: Manifest, qtbot: QtBot
) -> None:
    field = NumberField(manifest.plugin("mda-overdrive").parameter("output"))
    qtbot.addWidget(field)
    field.show_value(0.5)
    assert field.text() == "0.0 dB"
    chosen: list[float] = []
    field.chosen.connect(chosen.append)
    for words, real in (("-10 dB", 0.25), ("99 dB", 1.0)):
        field.selectAll()
        qtbot.keyClicks(field, words)
        field.interpretText()
        assert chosen[-1] == pytest.approx(real)
    field.selectAll()
    qtbot.keyClicks(field, "loud")
    field.interpretText()
    assert field.value() == 20


def test_a_gain_is_that_of_a_factor() -> None:
    display = Display(unit="dB", low=-60, high=6.02, curve="gain")
    assert display.of(0.25) == pytest.approx(-6.02, abs=0.01)
    assert display.of(0) == -60
    assert display.to_normalised(0) == pytest.approx(0.5, abs=1e-3)
    assert display.to_normalised(-99) == 0
