"""The ladder: what stands on every rung, and what it is compared with."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rung:
    """One system. `above` is the name of the rung that it adds one thing to."""

    name: str
    above: str | None
    what: str


DO_NOTHING, CONSTANT = "do nothing", "constant 0.5"
VAE, REGRESSION, SPSA, CONTRAST, HEADS = (
    "VAE only",
    "+ regression",
    "+ SPSA",
    "+ contrast",
    "+ heads",
)
STATISTICS = "+ statistics"
SHIPPED, SHIPPED_RENDERING = "shipped", "shipped + rendering"

RUNGS = (
    Rung(DO_NOTHING, None, "the input as it is"),
    Rung(CONSTANT, DO_NOTHING, "every parameter in the middle of its range"),
    Rung(
        VAE,
        CONSTANT,
        "the published method: a frozen β-VAE of pictures, and a predictor of points that learns"
        " through the plugin by SPSA alone, from 0.5",
    ),
    Rung(REGRESSION, VAE, "the predictor learns the true settings instead, as points"),
    Rung(SPSA, REGRESSION, "the points are then tuned through the plugin"),
    Rung(
        CONTRAST,
        SPSA,
        "the encoder is first trained further, to tell the same setting on other playing from all"
        " other settings",
    ),
    Rung(
        HEADS,
        CONTRAST,
        "the predictor also learns a distribution over every parameter, which gives enums their"
        " class, and when to bypass",
    ),
    Rung(
        STATISTICS,
        HEADS,
        "instead of pictures, the statistics, whose encoder learns together with all predictors",
    ),
    Rung(SHIPPED, STATISTICS, "the exported network, which learned from all clips"),
    Rung(SHIPPED_RENDERING, SHIPPED, "its answer is refined by rendering candidates"),
)
PICTURE_RUNGS = (VAE, REGRESSION, SPSA, CONTRAST, HEADS)


def stage_of(rung: str, plugin: str) -> str:
    """The name of a rung's checkpoints."""
    return f"{rung.strip('+ ').replace(' ', '-').lower()}-{plugin}"
