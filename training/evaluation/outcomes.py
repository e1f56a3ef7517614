"""What is kept of every case: enough to make any table again without measuring.

A *row* is an outcome as plain JSON. Numbers have four digits there, exact zeros stay exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Self

import numpy as np

from bridge.chain import Chain, ChainSetting
from bridge.estimate.answer import Answer, Closeness
from training.evaluation.intervals import Json, Values
from training.evaluation.protocol import BEST, CONDITIONS, KEYS, RENDERED
from training.evaluation.scores import Scores

_DIGITS = 4


@dataclass(frozen=True)
class Outcome:
    """One case, measured."""

    index: int
    clip: str
    """The recording that the input comes from."""
    maker: str
    """What made reference and target."""
    clean: bool
    truth: ChainSetting | None
    scores: Scores
    """(CONDITIONS, METRICS); NaN where a condition or a metric was not measured."""
    answers: Mapping[str, Answer]
    seconds: Mapping[str, float]

    def score(self, condition: str, key: str) -> float:
        """One number of the scores."""
        return float(self.scores[CONDITIONS.index(condition), KEYS.index(key)])

    @property
    def row(self) -> Json:
        """Itself as plain JSON."""
        scores = {
            name: [_rounded(value) for value in row]
            for name, row in zip(CONDITIONS, self.scores.tolist(), strict=True)
            if not isnan(row[0])
        }
        return {
            "case": self.index,
            "clip": self.clip,
            "maker": self.maker,
            "clean": self.clean,
            "truth": self.truth and _setting_row(self.truth),
            "scores": scores,
            "answers": {name: _answer_row(answer) for name, answer in self.answers.items()},
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
        }

    @classmethod
    def of_row(cls, chain: Chain, row: Json) -> Self:
        """The outcome that a row tells of.

        Raises KeyError or ValueError where the chain's parameters, or what is measured, are not
        those of the row.
        """
        scores = np.full((len(CONDITIONS), len(KEYS)), np.nan)
        for name, values in row["scores"].items():
            scores[CONDITIONS.index(name)] = [np.nan if v is None else v for v in values]
        return cls(
            row["case"],
            row["clip"],
            row["maker"],
            row["clean"],
            row["truth"] and _setting_of(chain, row["truth"]),
            scores,
            {name: _answer_of(chain, answer) for name, answer in row["answers"].items()},
            row["seconds"],
        )


def columns(outcomes: Sequence[Outcome], condition: str, key: str) -> Values:
    """One condition's scores by case."""
    return np.array([outcome.score(condition, key) for outcome in outcomes])


def without_rendering(row: Json) -> Json:
    """A row without what rendering decides."""
    left = {
        part: {name: value for name, value in row[part].items() if name not in (RENDERED, BEST)}
        for part in ("scores", "answers", "seconds")
    }
    return {**row, **left}


def _setting_row(setting: ChainSetting) -> Json:
    values = [_rounded(value) for value in setting.predicted]
    return {"values": values, "bypassed": sorted(setting.bypassed)}


def _setting_of(chain: Chain, row: Json) -> ChainSetting:
    if len(row["values"]) != len(chain.predicted):
        raise ValueError(
            f"{chain.id} has {len(chain.predicted)} parameters, the row {len(row['values'])}"
        )
    return ChainSetting.of_predicted(chain, row["values"], row["bypassed"])


def _answer_row(answer: Answer) -> Json:
    near = answer.closeness
    return {
        **_setting_row(answer.setting),
        "confidence": [_rounded(value) for value in answer.confidence],
        "bypass_probability": [_rounded(value) for value in answer.bypass_probability],
        "gain_db": _rounded(answer.gain_db),
        "closeness": near
        and [_rounded(v) for v in (near.now, near.expected, near.low, near.high, near.better)],
    }


def _answer_of(chain: Chain, row: Json) -> Answer:
    return Answer(
        _setting_of(chain, row),
        tuple(row["confidence"]),
        tuple(row["bypass_probability"]),
        row["gain_db"],
        row["closeness"] and Closeness(*row["closeness"]),
    )


def _rounded(value: float) -> float | int | None:
    if isnan(value):
        return None
    short = float(f"{value:.{_DIGITS}g}")
    return int(short) if short.is_integer() else short
