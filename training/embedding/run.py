"""Listen to test audio, put the questions, write the answers."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.progress import track

from bridge.library import MODELS, Library
from bridge.manifest import PluginSpec
from bridge.models import load_encoder
from training.embedding.picture import draw
from training.embedding.questions import (
    EffectQuestion,
    ParameterQuestion,
    effect_questions,
    parameter_questions,
)
from training.embedding.sounds import Work, gather, listen
from training.embedding.tables import markdown
from training.evaluation.intervals import Json
from training.files import write_whole
from training.workers import executor, in_order

SEED = 2026


def measure(
    plugins: Sequence[PluginSpec],
    corpus: Path,
    out: Path,
    clips: int,
    models: Path = MODELS,
    processes: int = 2,
) -> None:
    """Write `embedding.json`, `embedding.md` and `embedding.png` below `out`.

    `clips` counts the test clips, of which each goes through every plugin. Raises BridgeError where
    plugins, encoder or corpus are missing, or the clips come from too few recordings.
    """
    work = Work(tuple(plugins), corpus, models, SEED)
    with executor(processes) as pool:
        jobs = [(work, index) for index in range(clips)]
        found = in_order(pool, listen, jobs)
        heard = gather(list(track(found, "clips", total=clips)))
        which, how_much = effect_questions(heard), parameter_questions(plugins, heard)
        questions: list[EffectQuestion | ParameterQuestion] = [*which, *how_much]
        answers = list(track(in_order(pool, _answer, questions), "questions", total=len(questions)))
    report: Json = {
        "clips": clips,
        "stems": len(set(heard.stems)),
        "seed": SEED,
        "encoder_sha256": load_encoder(Library.of_models(models)).card.sha256,
        "plugins": {plugin.id: plugin.name for plugin in plugins},
        "effects": answers[: len(which)],
        "parameters": answers[len(which) :],
    }
    write_whole(out / "embedding.json", json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    write_whole(out / "embedding.md", markdown(report))
    draw(report).savefig(out / "embedding.png", dpi=110)


def _answer(question: EffectQuestion | ParameterQuestion) -> Json:
    return question.answer()
