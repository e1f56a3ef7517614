"""`evaluation.md` and `evaluation.json`: all that was measured, for people and for programs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from bridge.analysis.metrics import HARM
from bridge.estimate.closeness import HARDLY_AUDIBLE
from training.evaluation.digest import (
    Measured,
    beats,
    calibration_errors,
    digest,
    is_below,
    mda,
    mean_gains,
    plugins_of,
    worst_true_parameters,
)
from training.evaluation.effect_tables import effect_section
from training.evaluation.heard_tables import (
    foretold_table,
    gear_table,
    harm_table,
    modulation_table,
)
from training.evaluation.intervals import Json
from training.evaluation.markdown import cell, gain, heading, table
from training.evaluation.protocol import (
    ANSWERS,
    DO_NOTHING,
    GAIN_ONLY,
    GAINED,
    MATCHED,
    NETWORK,
    RAW,
    RENDERED,
    SLICES,
)
from training.evaluation.published import Published, load_published
from training.files import write_whole

INTRODUCTION = f"""# Evaluation of the exported models

Written by `dafx-train evaluate`, which also makes `evaluation.json`, `evaluation/PLUGIN.json` and
the pictures.

Input is one dry half (5.46 s) of a clip, reference its other half made wet with a random setting,
target the input made wet with the same setting; one case in ten is clean, and the right answer is
then to bypass. In the slice *cross-plugin* another maker's effect of the same kind makes reference
and target, so there are no true parameters. Audio, soundfonts, speakers and recordings come from
packages that training never saw; *real recordings* are of instruments that people played, where
the other slices' instruments are sampled. *Short* has halves of 2.73 s. In *nearly dry* the setting
leaves the input nearly alone: doing nothing is within {HARDLY_AUDIBLE} of the target, gain-matched.
In *real gear* a captured amplifier or pedal makes reference and target from a guitarist's
direct-input recordings. All conditions see the same cases; *network + rendering* refines the first
of them (of a rig, which no network knows, it is the search from its start), and what it is compared
with is then counted over these alone. Every score is taken at 24 kHz.

- *MRSTFT*: six resolutions, mean |A-B| + mean |ln A/B|; *gain-matched*: after scaling to the
  target's RMS. *MSD*: mel-spectral distance. *SCE*: spectral-centroid error. *Crest*, *LUFS*,
  *RMS*: absolute errors. *Modulation*: mean difference of the spectra of band envelopes from 0.2 to
  20 Hz, in dB, which does not depend on an oscillator's phase, as that cannot be known. Lower is
  better in all of these. *PESQ* (wideband, on the first speech cases, where the package is
  installed): higher is better.
- ± is half of the 95 % interval of a mean (or of a mean paired difference); in brackets the median.
- *Relative gain*: how much lower than *do nothing* a mean score is, in per cent; 100 is perfect. In
  brackets the median of the single cases' gains.
- *Harmed*: the share of cases that are farther from the target than *do nothing* by more than
  {HARM}, gain-matched; in brackets the 95 % interval (Wilson).
- *Do nothing* is the input, *gain only* the input at the reference's loudness, *random setting* a
  uniform one that neither silences nor blasts. *Best setting* was searched for with the target
  known: no answer can be expected to be nearer.
"""

TITLES = {RAW: "MRSTFT", MATCHED: "gain-matched MRSTFT"}


def write_tables(measured: Mapping[int, Sequence[Measured]], out: Path) -> None:
    """Write `evaluation.md` and `evaluation.json` below `out`, by host rate in Hz."""
    numbers = {str(rate): digest(some) for rate, some in measured.items()}
    published = load_published()
    parts = [INTRODUCTION]
    for rate, some in measured.items():
        parts += [heading(2, f"Host rate {rate / 1000:g} kHz"), *_summaries(some, published)]
        parts += [effect_section(one) for one in some]
    write_whole(out / "evaluation.json", json.dumps(numbers, indent=1) + "\n")
    write_whole(out / "evaluation.md", "\n".join(parts))


def _summaries(measured: Sequence[Measured], published: Published) -> list[str]:
    plugins = plugins_of(measured)
    parts = [_worst(measured)]
    for title, found in {
        "Harmed": harm_table(measured, RENDERED),
        "Harmed by the network alone": harm_table(measured, NETWORK),
    }.items():
        if found:
            parts += [heading(3, title), found]
    for key in (RAW, MATCHED):
        for answer in ANSWERS:
            some = plugins if answer == NETWORK else measured
            parts += [
                heading(3, f"Relative gain over doing nothing: {answer}, {TITLES[key]}"),
                _gains(some, answer, key),
            ]
    for title, found in {
        "Real gear": gear_table(measured),
        "Modulation: rate, depth and mix": modulation_table(plugins),
        "Does it come as near as it says?": foretold_table(measured),
    }.items():
        if found:
            parts += [heading(3, title), found]
    parts += [heading(3, "Next to the prior work"), _beside_published(plugins, published)]
    for key in (RAW, MATCHED):
        for answer in ANSWERS:
            parts += [
                heading(3, f"Does it beat doing nothing and gain only? {answer}, {TITLES[key]}"),
                _differences(measured, answer, key),
            ]
    parts += [heading(3, "Do the confidences hold?"), _calibration(plugins)]
    parts += [heading(3, "Processor seconds a case"), _seconds(measured)]
    return parts


def _worst(measured: Sequence[Measured]) -> str:
    scores = {k: v for k, v in worst_true_parameters(measured).items() if v is not None}
    if not scores:
        return ""
    worst = max(scores, key=lambda plugin: scores[plugin])
    return (
        f"The worst score of the true parameters, over all metrics but PESQ, all slices and"
        f" {len(scores)} effects, is {scores[worst]!r}"
        + (".\n" if scores[worst] == 0 else f" ({worst}).\n")
    )


def _gains(measured: Sequence[Measured], answer: str, key: str) -> str:
    rows = [
        [m.chain.name, *(gain(m.gain(name, answer, key), median=True) for name in GAINED)]
        for m in measured
    ]
    for title, field in (("mean of the mda effects", "mean"), ("of their mean scores", "of_means")):
        means = [mean_gains(mda(measured), name, answer, key) for name in GAINED]
        rows.append([f"**{title}**", *(f"**{100 * m[field]:+.0f} %**" if m else "" for m in means)])
    return table(["effect", *GAINED], rows)


def _beside_published(plugins: Sequence[Measured], published: Published) -> str:
    """Its score / doing nothing (relative gain), then ours on the slice beside it."""
    by_id = {m.chain.id: m for m in plugins}
    header = ["effect"]
    for data_set, slice_name in published.data_sets.items():
        header += [f"{data_set}, published", f"{slice_name}, {NETWORK}", f"… {RENDERED}"]
    rows = []
    for plugin_id, cells in published.effects.items():
        measured = by_id.get(plugin_id)
        row = [measured.chain.name if measured else plugin_id]
        for data_set, slice_name in published.data_sets.items():
            c = cells[data_set]
            row.append(f"{c.trained:.3f} / {c.do_nothing:.3f} ({100 * c.relative_gain:+.0f} %)")
            row += [_ours(measured, slice_name, answer) for answer in ANSWERS]
        rows.append(row)
    means = ["**mean relative gain**"]
    of_means = ["**gain of the mean scores**"]
    for data_set, slice_name in published.data_sets.items():
        ours = [mean_gains(mda(plugins), slice_name, answer, RAW) for answer in ANSWERS]
        means.append(f"{100 * published.mean_relative_gain(data_set):+.0f} %")
        of_means.append(f"{100 * published.relative_gain_of_means(data_set):+.0f} %")
        means += [f"**{100 * o['mean']:+.0f} %**" if o else "" for o in ours]
        of_means += [f"**{100 * o['of_means']:+.0f} %**" if o else "" for o in ours]
    note = (
        "MRSTFT, raw, of the answer / of doing nothing (relative gain). Published: Grant, AES 155"
        " (2023), 5,000 cases a cell, on audio that is not ours: compare the gains, not the"
        " scores.\n"
    )
    return note + "\n" + table(header, [*rows, means, of_means])


def _ours(measured: Measured | None, slice_name: str, answer: str) -> str:
    means = measured.block(slice_name, answer).get("means", {}) if measured else {}
    if measured is None or not means.get(answer):
        return ""
    relative = measured.gain(slice_name, answer, RAW)
    scores = f"{means[answer][RAW]['mean']:.3f} / {means[DO_NOTHING][RAW]['mean']:.3f}"
    return f"{scores} ({100 * relative['mean']:+.0f} %)" if relative else scores


def _differences(measured: Sequence[Measured], answer: str, key: str) -> str:
    """Paired differences to both baselines; bold where the whole interval is below 0."""
    rows = []
    for m in measured:
        row = [m.chain.name]
        for name in SLICES:
            pair = [m.difference(name, answer, other, key) for other in (DO_NOTHING, GAIN_ONLY)]
            row.append(" / ".join(_difference(d) for d in pair if d))
        if any(row[1:]):
            rows.append(row)
    counts = [
        f"{sum(beats(m, answer, baseline, key) for m in measured)} of {len(rows)} against"
        f" *{baseline}*"
        for baseline in (DO_NOTHING, GAIN_ONLY)
    ]
    note = (
        f"{answer.capitalize()} minus *{DO_NOTHING}* / minus *{GAIN_ONLY}*, paired; bold where the"
        " whole interval is better. Better on every slice but *nearly dry*:"
        f" {', '.join(counts)}.\n"
    )
    return note + "\n" + table(["effect", *SLICES], rows)


def _difference(difference: Json) -> str:
    text = cell(difference, 3, signed=True)
    return f"**{text}**" if is_below(difference) else text


def _calibration(plugins: Sequence[Measured]) -> str:
    note = (
        "Expected calibration error over the cases of all slices with true parameters, in ten bins:"
        " how far the stated probability of being within 0.1 (of the right class) is from what"
        " happened; 0 is ideal.\n"
    )
    rows = []
    for m in plugins:
        for answer in ANSWERS:
            errors = calibration_errors(m, answer)
            known = {k: v for k, v in errors["parameters"].items() if v is not None}
            if not known:
                continue
            worst = max(known, key=lambda symbol: known[symbol])
            rows.append(
                [
                    m.chain.name,
                    answer,
                    f"{sum(known.values()) / len(known):.3f}",
                    f"{known[worst]:.3f} ({worst})",
                    "" if errors["bypass"] is None else f"{errors['bypass']:.3f}",
                ]
            )
    return (
        note
        + "\n"
        + table(["effect", "answer", "mean of the parameters", "worst parameter", "bypass"], rows)
    )


def _seconds(measured: Sequence[Measured]) -> str:
    steps = (*ANSWERS, "scoring")
    rows = []
    for m in measured:
        found = [summary["seconds"] for summary in m.slices.values()]
        row = [m.chain.name]
        for step in steps:
            known = [seconds[step] for seconds in found if step in seconds]
            row.append(f"{sum(known) / len(known):.3f}" if known else "")
        rows.append(row)
    return table(["effect", *steps], rows)
