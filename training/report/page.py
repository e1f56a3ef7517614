"""The report as one HTML file that holds everything it shows, to be read anywhere."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from io import BytesIO
from typing import Any

import soundfile
import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from bridge.arrays import Audio
from training.report.cases import RATE_HZ, Case
from training.runs import Experiment

_VERSIONS = ("dafx-bridge", "torch", "pedalboard", "numpy")


def page(
    name: str,
    experiment: Experiment,
    starts: Mapping[str, Any] | None,
    figures: Mapping[str, Figure],
    cases: Sequence[Case],
) -> str:
    """The HTML; `starts` is what `convergence.measure` found for one plugin alone."""
    environment = Environment(
        loader=PackageLoader("training", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    settings = experiment.model_dump(mode="json", exclude_none=True)
    return environment.get_template("page.html.jinja").render(
        name=name,
        summary=_summary(experiment),
        configuration=yaml.safe_dump(settings, sort_keys=False).strip(),
        versions=", ".join(f"{package} {version(package)}" for package in _VERSIONS),
        starts=starts,
        pictures={title: _svg(figure) for title, figure in figures.items()},
        rate=RATE_HZ,
        cases=[
            {
                "title": case.title,
                "mrstft": case.mrstft,
                "do_nothing_mrstft": case.do_nothing_mrstft,
                "sounds": {label: _flac(audio) for label, audio in case.audio.items()},
                "rows": case.rows,
            }
            for case in cases
        ],
    )


def _summary(experiment: Experiment) -> str:
    if experiment.task and experiment.spsa:
        return (
            f"{experiment.task.plugin} alone, learned through the plugin by SPSA from"
            f" {len(experiment.spsa.starts)} starts, on the encoder of {experiment.encoder_from}."
        )
    return (
        "One encoder and one predictor for each plugin, learned together on the true settings"
        + (", then tuned through the plugins by SPSA." if experiment.spsa else ".")
    )


def _svg(figure: Figure) -> str:
    buffer = BytesIO()
    figure.savefig(buffer, format="svg")
    return b64encode(buffer.getvalue()).decode()


def _flac(audio: Audio) -> str:
    buffer = BytesIO()
    soundfile.write(buffer, audio, RATE_HZ, format="FLAC", subtype="PCM_16")
    return b64encode(buffer.getvalue()).decode()
