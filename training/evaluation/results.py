"""Results on disk: a compressed file for each plugin or rig, a line for every case.

The lines of a slice follow its head, which tells its identity, or why it has no cases. All else,
such as means and tables, is made from them. Summaries of earlier versions, `PLUGIN.json`, are still
read where there is nothing newer.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bridge.chain import Chain
from bridge.errors import ManifestError
from training.corpus import load_index
from training.errors import TrainingError
from training.estimators import chain_estimator
from training.evaluation.gear import gear_sha256
from training.evaluation.intervals import Json
from training.evaluation.outcomes import Outcome
from training.evaluation.protocol import REAL_GEAR, SPEECH, Work
from training.evaluation.scores import HAS_PESQ
from training.files import write_whole

OF_RENDERING = ("critic_sha256", "rendered_cases", "budget_s", "ceiling_cases")
"""What of an identity says how candidates are judged, and in how many cases."""
_OLD_MISSING = "no_counterpart"


@dataclass(frozen=True)
class Entry:
    """One slice at one host rate, as it is on disk."""

    host_rate_hz: int
    slice: str
    identity: Json | None = None
    """None where there was nothing to measure with."""
    made_by: tuple[str, ...] = ()
    """In the cross-plugin slice, whose effects made the references."""
    missing: str = ""
    """Why there are no cases."""
    rows: tuple[Json, ...] = ()
    old_summary: Json | None = None
    """From a version that kept no cases; then there are no rows."""

    def outcomes(self, chain: Chain) -> list[Outcome]:
        """Raises TrainingError where the cases are of other parameters or metrics than today's."""
        try:
            return [Outcome.of_row(chain, row) for row in self.rows]
        except (KeyError, ValueError, ManifestError):
            raise TrainingError(
                f"{chain.id}, {self.slice}: measured with other parameters or metrics; run"
                " `dafx-train evaluate` to measure again"
            ) from None


@dataclass(frozen=True)
class ChainResults:
    """The file of one plugin or rig."""

    path: Path
    chain: Chain
    _kept: dict[tuple[int, str], Entry] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def below(cls, folder: Path, chain: Chain) -> "ChainResults":
        """The file of a chain in a folder of results."""
        return cls(folder / f"{chain.id}.jsonl.gz", chain)

    def read(self) -> Mapping[tuple[int, str], Entry]:
        """What was measured, by host rate in Hz and slice. Raises TrainingError where broken."""
        if not self._kept:
            self._kept.update(self._old() | self._new())
        return self._kept

    def entry(self, work: Work) -> Entry | None:
        """What is known of a slice."""
        return self.read().get((work.settings.host_rate_hz, work.slice))

    def write(self, entry: Entry) -> None:
        """Put one slice in the place of an older one."""
        self.read()
        self._kept[entry.host_rate_hz, entry.slice] = entry
        new = [one for one in self._kept.values() if one.old_summary is None]
        text = "".join(line for one in new for line in _lines(one))
        # Without a time of writing, so that equal results are equal files.
        write_whole(self.path, gzip.compress(text.encode(), mtime=0))

    def _new(self) -> dict[tuple[int, str], Entry]:
        if not self.path.exists():
            return {}
        heads: list[Json] = []
        rows: list[list[Json]] = []
        try:
            for line in gzip.decompress(self.path.read_bytes()).decode().splitlines():
                record = json.loads(line)
                if "slice" in record:
                    heads.append(record)
                    rows.append([])
                else:
                    rows[-1].append(record)
            entries = [
                Entry(
                    head["host_rate_hz"],
                    head["slice"],
                    head["identity"],
                    tuple(head["made_by"]),
                    head["missing"],
                    tuple(its_rows),
                )
                for head, its_rows in zip(heads, rows, strict=True)
            ]
        except (OSError, EOFError, zlib.error, ValueError, KeyError, IndexError, TypeError):
            raise _broken(self.path) from None
        return {(entry.host_rate_hz, entry.slice): entry for entry in entries}

    def _old(self) -> dict[tuple[int, str], Entry]:
        path = self.path.parent / f"{self.chain.id}.json"
        if not path.exists():
            return {}
        try:
            results = json.loads(path.read_text())["results"]
            entries = [
                Entry(
                    int(rate),
                    name,
                    summary.get("identity"),
                    tuple(summary.get("counterparts", ())),
                    summary.get(_OLD_MISSING, ""),
                    old_summary=summary,
                )
                for rate, slices in results.items()
                for name, summary in slices.items()
            ]
        except (ValueError, KeyError, AttributeError):
            raise _broken(path) from None
        return {(entry.host_rate_hz, entry.slice): entry for entry in entries}


def results_in(folder: Path, chains: Iterable[Chain]) -> list[ChainResults]:
    """Of those chains the ones of which something was measured."""
    files = [ChainResults.below(folder, chain) for chain in chains]
    return [file for file in files if file.read()]


def identity(work: Work, cases: int) -> Json:
    """All that decides a slice's cases and answers; equal identities need no second measurement.

    Raises ModelError or TrainingError where models or corpus are missing.
    """
    estimator = chain_estimator(work.chain, work.models)
    cards = [predictor.card for predictor in estimator.predictors if predictor]
    settings, gear = work.settings, work.slice == REAL_GEAR
    return {
        "cases": cases,
        "rendered_cases": settings.rendered_cases,
        "pesq_cases": settings.pesq_cases if work.slice == SPEECH and HAS_PESQ else 0,
        "ceiling_cases": settings.ceiling_cases if gear else 0,
        "budget_s": settings.budget_s,
        "seed": settings.seed,
        "predictors_sha256": [card.sha256 for card in cards],
        "encoder_sha256": estimator.listener.encoder.card.sha256,
        "critic_sha256": estimator.critic.card.sha256,
        "sounds_sha256": gear_sha256(work.gear)
        if gear
        else _sha256([asdict(stem) for stem in load_index(work.corpus, "test")]),
        "effects_sha256": _sha256([_described(c) for c in (work.chain, *work.counterparts)]),
    }


def same_but_for_rendering(one: Json | None, other: Json) -> bool:
    """Whether two identities differ at most in the critic, and in how many cases are rendered."""
    return one is not None and {**other, **{key: one.get(key) for key in OF_RENDERING}} == one


def _lines(entry: Entry) -> Iterator[str]:
    head = {
        "slice": entry.slice,
        "host_rate_hz": entry.host_rate_hz,
        "identity": entry.identity,
        "made_by": entry.made_by,
        "missing": entry.missing,
    }
    for record in (head, *entry.rows):
        yield json.dumps(record, separators=(",", ":")) + "\n"


def _described(chain: Chain) -> Sequence[object]:
    return [
        [
            slot.id,
            slot.plugin.model_dump(exclude={"model"}),
            slot.start.normalised,
            slot.optional,
        ]
        for slot in chain.slots
    ]


def _broken(path: Path) -> TrainingError:
    return TrainingError(
        f"{path}: not a result of `dafx-train evaluate`; delete it to measure again"
    )


def _sha256(described: object) -> str:
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()
