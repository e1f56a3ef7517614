"""What all rungs share: clips, cases, plugins, the run's folder and its scores."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.pool import Pool as Workers

from torch import nn

from bridge.manifest import PluginSpec
from training.ablation.scoring import Scores, Work, answers_to, cases_of
from training.ablation.settings import AblationSettings
from training.evaluation.protocol import PROTOCOL_RATE_HZ
from training.examples import HALF_S, ClipSource, ExampleSource, Task
from training.fit import SPSA_SEED, Folders
from training.networks import Predictor
from training.pool import Pool
from training.runs import Experiment, Run
from training.spsa import Listen, draw_batch, set_up_worker
from training.workers import worker_pool

_SCORED = "scored"


@dataclass(frozen=True)
class Site:
    """Where the ladder stands."""

    experiment: Experiment
    plugins: Sequence[PluginSpec]
    pool: Pool
    validation: Pool
    folders: Folders
    run: Run
    scores: Scores
    s: AblationSettings
    processes: int

    def work(self, plugin: PluginSpec) -> Work:
        """Whose cases are scored."""
        return Work(plugin, self.folders.data / "corpus")

    @contextmanager
    def plain_workers(self) -> Iterator[Workers]:
        """Processes that score and render."""
        with worker_pool(self.processes) as workers:
            yield workers

    @contextmanager
    def tuning_workers(self, plugin: PluginSpec, listen: Listen) -> Iterator[Workers]:
        """Processes that also draw and render a plugin's examples, for `fine_tune`.

        Examples last half as long as cases, at the protocol's rate.
        """
        changed = {"sample_rates_hz": (PROTOCOL_RATE_HZ,), "halves_s": (HALF_S / 2,)}
        clips = self.experiment.clips.model_copy(update=changed)
        work = self.work(plugin)
        sources = {
            split: ExampleSource(
                Task(plugin=plugin.id), plugin, ClipSource(cut, work.corpus, split, SPSA_SEED)
            )
            for split, cut in (("train", clips), ("validation", clips.plain))
        }
        sources[_SCORED] = cases_of(work)
        workload = (sources, self.experiment.features, listen)
        with worker_pool(self.processes, set_up_worker, workload) as workers:
            yield workers

    def measure(
        self,
        plugin: PluginSpec,
        rungs: Iterable[tuple[str, nn.Module, Predictor]],
        workers: Workers,
    ) -> None:
        """Score networks (rung, encoder, predictor) as they come; `workers` are for tuning."""
        batch = draw_batch(workers, _SCORED, self.s.cases)
        for rung, encoder, predictor in rungs:
            answers = answers_to(batch, encoder, predictor, plugin)
            self.scores.measure(rung, self.work(plugin), answers, workers)
