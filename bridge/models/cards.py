"""The card beside every exported model: what it expects, where it comes from, how good it is.

A folder holds `model.onnx`, `card.json` and `golden.npz` (inputs and the outputs PyTorch gave).
The card's hash ties it to its model; a predictor's card names the hash of the encoder it needs.
A sound map has several files, each with its hash, in the folder `map` beside its predictor.
"""

import hashlib
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bridge.analysis.features import FeatureSettings
from bridge.errors import ModelError
from bridge.library import CARD_FILE, MODEL_FILE
from bridge.manifest import ParamSpec, PluginSpec, Scale
from bridge.texts import read_json

GOLDEN_FILE = "golden.npz"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSource(_Record):
    """One package of recordings or instruments the model learned from."""

    package: str
    licence: str
    hours: float


class ParameterRecord(_Record):
    """A parameter as the model learned it; it must equal the manifest's."""

    symbol: str
    min: float
    max: float
    scale: Scale

    @classmethod
    def of(cls, parameter: ParamSpec) -> "ParameterRecord":
        """The record of a manifest parameter."""
        return cls(
            symbol=parameter.symbol,
            min=parameter.min,
            max=parameter.max,
            scale=parameter.scale,
        )


class _Card(_Record):
    schema_version: Literal[2] = 2
    features: FeatureSettings
    statistics: dict[str, int]
    """The groups of the vector the encoder takes, in order, with their sizes."""
    sample_rate_hz: int
    window_s: float
    hop_s: Annotated[float, Field(gt=0)]
    """How often the live engine asks the model."""
    embedding_size: int
    style_size: int
    levels: tuple[str, ...]
    experiment: str
    training_data: tuple[DataSource, ...]
    metrics: dict[str, float]
    sha256: Sha256
    versions: dict[str, str]


class EncoderCard(_Card):
    """Card of the encoder."""

    kind: Literal["encoder"] = "encoder"


class PredictorCard(_Card):
    """Card of one plugin's predictor."""

    kind: Literal["predictor"] = "predictor"
    plugin: str
    parameters: tuple[ParameterRecord, ...]
    """In the order of the model's output."""
    host_rates_hz: tuple[int, ...]
    """The host sample rates the model was trained at."""
    bins: int
    """Over how many bins the model spreads each parameter's distribution."""
    encoder_sha256: Sha256

    @model_validator(mode="before")
    @classmethod
    def _as_before(cls, card: object) -> object:
        """Older cards also say how candidates are judged, which the critic does now."""
        if isinstance(card, dict):
            return {name: value for name, value in card.items() if name != "decision"}
        return card


class Foretelling(_Record):
    """How what a search foretells is corrected: of what is chosen among many, too much is hoped.

    Distances count by the logarithm of themselves and `LEAST_DISTANCE`. As it stands here, nothing
    is changed.
    """

    offset: float = 0.0
    slope: Annotated[float, Field(gt=0)] = 1.0
    """Of the distance of the playing as it is, in what the critic says of it."""
    kept: Annotated[float, Field(gt=0)] = 1.0
    """How much is kept of the hoped difference between the answer and the playing as it is."""
    low: Annotated[float, Field(gt=0)] = 1.0
    high: Annotated[float, Field(gt=0)] = 1.0
    """How many times as far away the bounds are."""


class CriticCard(_Card):
    """Card of the critic; `hop_s` is that of its encoder."""

    kind: Literal["critic"] = "critic"
    encoder_sha256: Sha256
    comparison_size: int
    """How many numbers it is shown of a candidate."""
    cases: int
    """How many cases it learned from."""
    cautious: float
    """Of `bridge.models.critic.QUANTILES`, which one of the change must be below 0 for an answer
    to count as nearer than doing nothing."""
    foretelling: Foretelling = Foretelling()


class MapCard(_Record):
    """Card of one plugin's sound map."""

    schema_version: Literal[1] = 1
    kind: Literal["map"] = "map"
    plugin: str
    parameters: tuple[ParameterRecord, ...]
    """In the order of its settings."""
    experiment: str
    """Whose clips it was learned from."""
    clips: int
    """How many of them."""
    points: int
    """How many settings are laid out."""
    encoder_sha256: Sha256
    embedding_size: int
    metrics: dict[str, float]
    sha256: dict[str, Sha256]
    """By file."""
    versions: dict[str, str]


CardType = TypeVar("CardType", EncoderCard, PredictorCard, CriticCard)
RecordType = TypeVar("RecordType", bound=_Record)


def read_card(folder: Path, kind: type[CardType]) -> CardType:
    """Read and check a card and the hash of its model.

    Raises ModelError, naming the file and the field.
    """
    path = folder / CARD_FILE
    card = read_record(path, kind, "export the model")
    for field, expected in (
        ("sample_rate_hz", card.features.sample_rate_hz),
        ("window_s", card.features.window_s),
    ):
        if getattr(card, field) != expected:
            raise ModelError(
                f"{path}: {field} is {getattr(card, field)} but the features say {expected};"
                " export the model again"
            )
    model = folder / MODEL_FILE
    if not model.exists():
        raise ModelError(f"{model}: no such model; export it, or correct the path")
    if file_sha256(model) != card.sha256:
        raise ModelError(
            f"{model}: does not match sha256 in {CARD_FILE}; the file is corrupt, fetch it again"
        )
    return card


def read_record(path: Path, kind: type[RecordType], remedy: str) -> RecordType:
    """A card as it stands. Raises ModelError, naming the file, the field and the remedy."""
    try:
        data = read_json(path)
    except FileNotFoundError:
        raise ModelError(f"{path}: no such model card; {remedy}, or correct the path") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: not readable as JSON ({error}); {remedy} again") from None
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = ".".join(map(str, fault["loc"])) or "card"
        raise ModelError(f"{path}: {field}: {fault['msg']}; {remedy} again") from None


def check_fits(card: PredictorCard, plugin: PluginSpec, encoder: EncoderCard, folder: Path) -> None:
    """Raise ModelError, naming the field, where a predictor fits neither manifest nor encoder."""
    in_manifest = against_manifest(card, plugin)
    in_encoder: Pairs = [
        ("encoder_sha256", card.encoder_sha256, encoder.sha256),
        ("features", card.features, encoder.features),
        ("statistics", card.statistics, encoder.statistics),
        ("embedding_size", card.embedding_size, encoder.embedding_size),
        ("levels", card.levels, encoder.levels),
    ]
    refuse_misfits(
        folder / CARD_FILE,
        "manifest",
        in_manifest,
        "train the model again, or correct the manifest",
    )
    refuse_misfits(
        folder / CARD_FILE, "encoder's card", in_encoder, "export encoder and predictor together"
    )


Pairs = list[tuple[str, object, object]]
"""Field, what the card has, what it needs."""


def against_manifest(card: PredictorCard | MapCard, plugin: PluginSpec) -> Pairs:
    """What must be equal of a card and its plugin's entry in the manifest."""
    listed = tuple(ParameterRecord.of(parameter) for parameter in plugin.predicted)
    pairs: Pairs = [
        ("plugin", card.plugin, plugin.id),
        ("parameters", [p.symbol for p in card.parameters], [p.symbol for p in listed]),
    ]
    for number, pair in enumerate(zip(card.parameters, listed, strict=False)):
        for field in ("min", "max", "scale"):
            has, needs = (getattr(record, field) for record in pair)
            pairs.append((f"parameters.{number}.{field}", has, needs))
    return pairs


def refuse_misfits(path: Path, source: str, pairs: Pairs, remedy: str) -> None:
    """Raise ModelError for the first pair that is not equal."""
    for field, has, needs in pairs:
        if has != needs:
            raise ModelError(
                f"{path}: {field} is {has!r} but the {source} says {needs!r}; {remedy}"
            )


def file_sha256(path: Path) -> str:
    """Hash of a file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
