"""A handful of validation cases to listen to: what was asked, and what the model makes of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from bridge.analysis.features import FeatureSettings
from bridge.analysis.metrics import mrstft
from bridge.arrays import Audio
from bridge.audio.resample import resample
from bridge.manifest import ParamSpec, PluginSpec, Setting
from training.convergence import SEED
from training.examples import ClipSource, ExampleSource, Task
from training.fit import Folders, Trained
from training.networks import Encoder, Predictor
from training.pool import hear
from training.spsa import answers_of, collate

ALONE_CASES = 5
RATE_HZ = 24_000
_PEAK = 0.9


@dataclass(frozen=True)
class Row:
    """One parameter: its name, and its true and its predicted value as a person reads them."""

    name: str
    true: str
    predicted: str


@dataclass(frozen=True)
class Case:
    """One case; audio is mono, (frames,) at `RATE_HZ`, all recordings scaled alike."""

    plugin: PluginSpec
    title: str
    audio: Mapping[str, Audio]
    mrstft: float
    """Of what the model makes, to the target, at the host's rate."""
    do_nothing_mrstft: float
    rows: tuple[Row, ...]


def cases_of(
    trained: Trained, plugins: Mapping[str, PluginSpec], folders: Folders
) -> Iterator[Case]:
    """One case of every predictor's plugin; of a single predictor `ALONE_CASES`.

    `plugins` names the plugin of each of `trained.predictors` that is to be heard.
    """
    experiment = trained.experiment
    clips = ClipSource(experiment.clips, folders.data / "corpus", "validation", SEED)
    alone = len(plugins) == 1
    for number, (name, plugin) in enumerate(plugins.items()):
        source = ExampleSource(experiment.task or Task(plugin=plugin.id), plugin, clips)
        for index in range(ALONE_CASES) if alone else [number]:
            predictor = trained.predictors[name]
            yield _case(source, index, trained.encoder, predictor, experiment.features)


def _case(
    source: ExampleSource,
    index: int,
    encoder: Encoder,
    predictor: Predictor,
    features: FeatureSettings,
) -> Case:
    example, plugin = source[index], source.plugin
    dry, reference = (
        hear(part, example.sample_rate, features) for part in (example.dry, example.reference)
    )
    (values,) = answers_of(encoder, predictor, collate([(example, dry, reference)]))
    answer = None if np.isnan(values[0]) else Setting.of_predicted(plugin, values.tolist())
    made = source.render(example.dry, example.sample_rate, answer)
    audio = {
        "input": example.dry,
        "reference": example.reference,
        "target": example.target,
        "what the model makes": made,
    }
    return Case(
        plugin,
        f"{plugin.name}, {example.kind}, host at {example.sample_rate / 1000:g} kHz",
        _playable(audio, example.sample_rate),
        mrstft(made[0], example.target[0]),
        mrstft(example.dry[0], example.target[0]),
        tuple(
            Row(spec.name, _words(spec, example.truth), _words(spec, answer))
            for spec in plugin.predicted
        ),
    )


def _playable(audio: Mapping[str, Audio], sample_rate: int) -> dict[str, Audio]:
    mono = {name: resample(part, sample_rate, RATE_HZ)[0] for name, part in audio.items()}
    gain = _PEAK / max(_PEAK, *(float(np.abs(part).max()) for part in mono.values()))
    return {name: (part * gain).astype(np.float32) for name, part in mono.items()}


def _words(spec: ParamSpec, setting: Setting | None) -> str:
    """A parameter's value in its unit or by its label; no setting is the plugin bypassed."""
    if setting is None:
        return "bypass"
    value = setting.values[spec.symbol]
    labels = {choice.value: choice.label for choice in spec.choices}
    if spec.scale == "toggle":
        return "on" if value == spec.max else "off"
    return labels.get(value, f"{value:.3g} {spec.unit}".strip())
