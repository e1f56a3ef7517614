"""What the embedding holds, as Markdown."""

from training.embedding import published
from training.embedding.probe import COMPONENTS, FOLDS, FOREST, LINEAR
from training.embedding.questions import (
    ALL,
    BEST,
    DIFFERENCE,
    DRY,
    ENTROPY,
    FIXED,
    PRINCIPAL,
    RANDOM,
    SHUFFLED,
    WET,
)
from training.evaluation.intervals import Json
from training.evaluation.markdown import heading, table

FEATURES = (WET, DIFFERENCE, PRINCIPAL)

_INTRODUCTION = """\
{clips} clips of test audio from {stems} stems, 24 kHz, cut as in the published protocol, each
through every effect with a random setting of its own; embeddings of the exported encoder. Whatever
learns here is tested on clips of stems it never saw ({folds}-fold cross-validation by stem).
Intervals are 95 %; those of accuracies take stems as clusters. Written by `dafx-train embedding`.
"""

_WHICH = """\
- *{wet}*: the probe gets the reference's embedding and nothing else, as in the prior work.
- *{difference}*: it gets how that differs from the embedding of the dry input, which is the same
  recording but not the same notes. Predictors know both.
- *{principal}*: to compare with, the first {components} principal components of the reference's
  long-term log-mel statistics, learned on the same clips as the classifier.

The prior work's probe tells its six effects apart where **every parameter is in the middle of its
range**, by a random forest; its training and test clips are cut from the same recordings. *Fixed
setting* repeats that without shared stems. With *random settings* effects are harder to tell,
as many settings hardly change the sound. The PCA row of the prior work was scored with the
classifier of its embedding and says nothing, so it is left out.
"""

_BITS = """\
The columns *{wet}* and *{difference}* are lower bounds of the mutual information of the whole
embedding and the parameter (Barber & Agakov, 2003): what a mixture of a regression and of a
classifier of eighths of the range knows, tested on stems they never saw; for classes a classifier.
Of a class no more than its entropy can be known. *Best coordinate* is the prior work's measure: the
largest nearest-neighbour estimate of any single coordinate, of *{wet}*. It is too high by about
what it finds for *shuffled* values. The prior work's figures are its own, in bits: 10,000 settings
on a single clip, so that nothing but the setting varies.

Output gains are hardly there by design: the embedding is free of level, and predictors get loudness
beside it.
"""


def markdown(report: Json) -> str:
    """The report as a page."""
    introduction = _INTRODUCTION.format(**report, folds=FOLDS)
    which = _WHICH.format(
        wet=WET, difference=DIFFERENCE, principal=PRINCIPAL, components=COMPONENTS
    )
    parts = [heading(1, "What the embedding holds"), introduction]
    parts += [heading(2, "Which effect?"), which]
    if answer_to(report, RANDOM, WET, FOREST):
        parts += [heading(3, "The prior work's effects"), _published(report)]
        parts += [f"Recalls, {WET}, {FOREST}:\n", _published_recalls(report)]
    parts += [heading(3, "All effects, and dry"), _all(report)]
    parts += [heading(2, "How many bits about each parameter?")]
    parts += [_BITS.format(wet=WET, difference=DIFFERENCE), _parameters(report)]
    parts += ["![Confusions and mutual information](embedding.png)\n"]
    return "\n".join(parts)


def answer_to(report: Json, task: str, features: str, classifier: str) -> Json | None:
    """What the probe of this task said, where it was asked."""
    asked = {"task": task, "features": features, "classifier": classifier}
    found = (answer for answer in report["effects"] if asked.items() <= answer.items())
    return next(found, None)


def _published(report: Json) -> str:
    rows = [
        [
            features,
            classifier,
            *(_accuracy(report, task, features, classifier) for task in (FIXED, RANDOM)),
        ]
        for features in FEATURES
        for classifier in (FOREST, LINEAR)
    ]
    rows.append(["prior work, its embedding", FOREST, f"{published.ACCURACY:.3f}", ""])
    chance = (answer_to(report, RANDOM, WET, FOREST) or {})["chance"]
    rows.append(["chance", "", f"{chance:.3f}", f"{chance:.3f}"])
    return table(["the probe gets", "classifier", "fixed setting", "random settings"], rows)


def _published_recalls(report: Json) -> str:
    found = {
        name: answer["recalls"]
        for name, task in (("fixed setting", FIXED), ("random settings", RANDOM))
        if (answer := answer_to(report, task, WET, FOREST))
    }
    found["prior work, fixed setting"] = published.RECALLS
    names = [name for name in report["plugins"] if name in published.EFFECTS]
    rows = [[name, *(f"{recalls[n]:.2f}" for n in names)] for name, recalls in found.items()]
    return table(["", *(report["plugins"][name] for name in names)], rows)


def _all(report: Json) -> str:
    found = [answer_to(report, ALL, features, LINEAR) for features in FEATURES]
    answers = [answer for answer in found if answer]
    rows = [["**accuracy**", *(_accuracy(report, ALL, f, LINEAR) for f in FEATURES)]]
    rows.append(["chance", *(f"{answer['chance']:.3f}" for answer in answers)])
    for name in (DRY, *report["plugins"]):
        recalls = [f"{answer['recalls'][name]:.2f}" for answer in answers]
        rows.append([report["plugins"].get(name, DRY), *recalls])
    return f"Random settings, {LINEAR}; below the accuracies the recalls.\n\n" + table(
        ["", *FEATURES], rows
    )


def _parameters(report: Json) -> str:
    rows = []
    for found in report["parameters"]:
        theirs = published.BITS.get(found["plugin"], {}).get(found["symbol"])
        rows.append(
            [
                report["plugins"][found["plugin"]],
                found["name"],
                *(_bits(found[features]) for features in (WET, DIFFERENCE)),
                f"{found[ENTROPY]:.2f}" if ENTROPY in found else "",
                *(f"{found[name]:.2f}" for name in (BEST, SHUFFLED)),
                "" if theirs is None else f"{theirs:.2f}",
            ]
        )
    header = ["effect", "parameter", WET, DIFFERENCE, "entropy", "best coordinate", "shuffled"]
    return table([*header, "prior work, best coordinate"], rows)


def _accuracy(report: Json, task: str, features: str, classifier: str) -> str:
    answer = answer_to(report, task, features, classifier)
    return f"{answer['accuracy']['mean']:.3f} ± {answer['accuracy']['ci95']:.3f}" if answer else ""


def _bits(found: Json) -> str:
    return f"{found['mean']:.2f} ± {found['ci95']:.2f}"
