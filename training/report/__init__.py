"""The report of a run: a page to send to somebody, tables, audio and pictures in TensorBoard."""

import shutil
from pathlib import Path

from bridge.manifest import Manifest
from training.board import Board
from training.convergence import measure, write_tables
from training.files import write_whole
from training.fit import Folders, Trained
from training.report.cases import RATE_HZ, cases_of
from training.report.figures import figures_of
from training.report.latent import latent_figures
from training.report.page import page
from training.runs import Run


def write_report(
    name: str,
    trained: Trained,
    manifest: Manifest,
    folders: Folders,
    out: Path | None = None,
    tables: Path | None = None,
) -> Path:
    """Write the page to `out`, else into the run's folder; returns where it lies.

    Of one plugin alone also the table of its starts, below `tables` where that is given. Curves and
    audio are shown in TensorBoard too, in place of those of an earlier report.
    """
    experiment, run = trained.experiment, Run(folders.runs / name)
    starts = None
    if experiment.task and experiment.spsa:
        plugin = manifest.plugin(experiment.task.plugin)
        starts = measure(name, trained, plugin, folders)
        if tables:
            write_tables(starts, tables)
        scores = [row["mrstft"] for row in starts["starts"]]
        heard = {str(scores.index(min(scores))): plugin}
        figures = figures_of(run.history(), [plugin], experiment.spsa.starts, starts["mean_truth"])
    else:
        heard = {plugin_id: manifest.plugin(plugin_id) for plugin_id in trained.predictors}
        figures = figures_of(run.history(), list(heard.values()), (), ())
    figures |= latent_figures(trained, heard.values())
    cases = list(cases_of(trained, heard, folders))
    out = out or run.folder / "report" / "index.html"
    write_whole(out, page(name, experiment, starts, figures, cases))
    shown = run.folder / "report" / "tensorboard"
    shutil.rmtree(shown, ignore_errors=True)
    board = Board(shown)
    for title, figure in figures.items():
        board.figure(title, figure)
    for number, case in enumerate(cases):
        for label, audio in case.audio.items():
            board.audio(f"case {number + 1}, {case.plugin.id}/{label}", audio, RATE_HZ)
    return out
