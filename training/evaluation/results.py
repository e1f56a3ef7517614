"""Results on disk: one file for each plugin, with every slice as soon as it is measured."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from bridge.manifest import PluginSpec
from training.corpus import load_index
from training.errors import TrainingError
from training.estimators import estimator_of, predictor_of
from training.evaluation.intervals import Json
from training.evaluation.protocol import SPEECH, Work
from training.evaluation.scores import HAS_PESQ
from training.files import write_whole


@dataclass(frozen=True)
class PluginResults:
    """The file of one plugin."""

    path: Path
    plugin: PluginSpec

    def read(self) -> Json:
        """Summaries by host rate in Hz (as text) and slice; empty where nothing was measured."""
        if not self.path.exists():
            return {}
        try:
            results: Json = json.loads(self.path.read_text())["results"]
        except (ValueError, KeyError):
            raise TrainingError(
                f"{self.path}: not a result of `dafx-train evaluate`; delete it to measure again"
            ) from None
        return results

    def slice(self, work: Work) -> Json | None:
        """The summary of a slice, where it was measured."""
        found: Json | None = self.read().get(str(work.settings.host_rate_hz), {}).get(work.slice)
        return found

    def write(self, work: Work, summary: Json) -> None:
        """Put one slice's summary in the place of an older one."""
        results = self.read()
        results.setdefault(str(work.settings.host_rate_hz), {})[work.slice] = summary
        whole = {"plugin": self.plugin.id, "name": self.plugin.name, "results": results}
        write_whole(self.path, json.dumps(whole, indent=1) + "\n")


def results_in(folder: Path, plugins: Iterable[PluginSpec]) -> list[PluginResults]:
    """The files of those plugins that were measured."""
    files = [PluginResults(folder / f"{plugin.id}.json", plugin) for plugin in plugins]
    return [file for file in files if file.path.exists()]


def identity(work: Work) -> Json:
    """All that decides a slice's cases and answers; equal identities need no second measurement.

    Raises ModelError or TrainingError where models or corpus are missing.
    """
    estimator = estimator_of(work.plugin, work.models)
    card = predictor_of(estimator).card
    settings = work.settings
    return {
        "cases": settings.cases,
        "rendered_cases": settings.rendered_cases,
        "pesq_cases": settings.pesq_cases if work.slice == SPEECH and HAS_PESQ else 0,
        "seed": settings.seed,
        "predictor_sha256": card.sha256,
        "encoder_sha256": card.encoder_sha256,
        "decision_sha256": estimator.critic.card.sha256,
        "corpus_sha256": _sha256([asdict(stem) for stem in load_index(work.corpus, "test")]),
        "effects_sha256": _sha256(
            [spec.model_dump(exclude={"model"}) for spec in (work.plugin, *work.counterparts)]
        ),
    }


def same_but_for_rendering(one: Json | None, other: Json) -> bool:
    """Whether two identities differ at most in the critic, and in how many cases are rendered."""
    rendering = {"decision_sha256", "rendered_cases"}
    return one is not None and {**other, **{key: one.get(key) for key in rendering}} == one


def _sha256(described: object) -> str:
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()
