"""How sure an answer must be that it is nearer than doing nothing: from searches whose target is
known.

What a search answers is the best of many candidates, so it harms more often than one of them would.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from rich.progress import track

from bridge.analysis.metrics import magnitudes, mrstft_with_gain
from bridge.analysis.windows import at_feature_rate
from bridge.library import Library
from bridge.search.memory import Tried
from bridge.search.render_search import Search
from training.critic.rows import SEARCHED, Heard
from training.critic.scenes import Made, SceneSource, effect_of
from training.workers import executor, in_order

HARMED = 0.05
"""Farther from the target than doing nothing by so much counts as harm."""
CAUTIOUS = tuple(round(float(q), 2) for q in np.arange(0.5, 0.91, 0.05))
"""Quantiles of the change to choose from; the higher, the surer an answer must be."""


@dataclass(frozen=True)
class Answers:
    """Of one search, distances to the target at the target's level."""

    nothing: float
    answers: tuple[float, ...]
    """Of what is answered with each of `CAUTIOUS`."""


def answers_of(
    source: SceneSource, library: Library, scenes: range, record: Path, workers: int
) -> list[Answers]:
    """What searches answer in these scenes; goes on after those in `record`, a line each."""
    known = record.read_text().splitlines() if record.exists() else []
    jobs = [(source, library, index) for index in scenes[len(known) :]]
    if jobs:
        with record.open("a") as file, executor(workers) as pool:
            done = in_order(pool, answered, jobs)
            for found in track(done, "answers", total=len(jobs)):
                known.append(json.dumps([asdict(one) for one in found]))
                file.write(known[-1] + "\n")
                file.flush()
    return [Answers(**one) for line in known for one in json.loads(line)]


def answered(job: tuple[SceneSource, Library, int]) -> list[Answers]:
    """What searches answer for some of the references of the scene of that number."""
    source, library, index = job
    heard = Heard.of(source[index], library)
    return [_answers(heard, number) for number in range(min(SEARCHED, len(heard.references)))]


def least_caution(found: Sequence[Answers], harmed: float) -> float:
    """The least of `CAUTIOUS` with which no more answers than this share do harm; else the last."""
    nothing = np.array([one.nothing for one in found])
    for column, cautious in enumerate(CAUTIOUS):
        answers = np.array([one.answers[column] for one in found])
        if np.mean(answers > nothing + HARMED) <= harmed:
            return cautious
    return CAUTIOUS[-1]


def _answers(heard: Heard, number: int) -> Answers:
    scene, effect = heard.scene, effect_of(heard.scene.chain)
    search = Search(
        heard.estimator,
        effect,
        scene.playing,
        scene.sample_rate,
        heard.references[number],
        seed=scene.index,
    )
    search.explore()
    finals = search.finals()
    best = [replace(finals, cautious=cautious).best(None) for cautious in CAUTIOUS]
    known = {id(one): _distance(heard, scene.made[number], one) for one in (finals.nothing, *best)}
    return Answers(known[id(finals.nothing)], tuple(known[id(one)] for one in best))


def _distance(heard: Heard, made: Made, answer: Tried) -> float:
    """On the excerpt; a change of level alone makes no difference to it."""
    scene, features = heard.scene, heard.estimator.features
    audio = scene.excerpt.audio
    if not answer.setting.dry:
        audio = effect_of(scene.chain).render(audio, scene.sample_rate, answer.setting)
    mono, target = (
        at_feature_rate(one, scene.sample_rate, features) for one in (audio, made.target)
    )
    return mrstft_with_gain(mono, target, magnitudes(target))[1]
