"""What is kept from decision to decision, with the real plugin and stand-in models."""

from pathlib import Path

import numpy as np
import pytest

from bridge.analysis.features import FeatureSettings
from bridge.arrays import Audio
from bridge.chain import Chain
from bridge.estimate.estimator import Estimator
from bridge.estimate.listener import ReferenceAnalysis
from bridge.library import Library
from bridge.manifest import PluginSpec
from bridge.search.deadline import Deadline
from bridge.search.decisions import Decisions
from bridge.search.memory import REMEMBERED
from bridge.search.requests import Outcome, Request
from tests.stand_ins import write_models

FEATURES = FeatureSettings(window_frames=24_000, least_frames=12_000)


class Session:
    """Decides about one second of the guitar after another."""

    def __init__(self, chain: Chain, library: Library, audio: Audio, rate: int) -> None:
        self.decisions = Decisions(chain, library)
        self._seconds = [audio[:, s * rate : (s + 1) * rate] for s in range(8)]
        self._rate = rate
        estimator = Estimator(chain, library)
        self.references = [
            estimator.analyse(np.tanh(gain * audio[:, : 2 * rate]), rate, "reference")
            for gain in (5, 50)
        ]

    def decide(
        self, second: int, playing: int = 1, whole: bool = True, reference: int = 0
    ) -> Outcome:
        wanted: ReferenceAnalysis = self.references[reference]
        request = Request(self._seconds[second], self._rate, wanted, playing, whole)
        return self.decisions.decide(request, Deadline())

    @property
    def excerpts(self) -> int:
        return len(self.decisions.memory.excerpts)


@pytest.fixture(autouse=True)
def _few_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.search.proposals.SAMPLED", 1)
    monkeypatch.setattr("bridge.search.render_search.EVOLVED", 0)


@pytest.fixture
def session(tmp_path: Path, overdrive: PluginSpec, guitar: tuple[Audio, int]) -> Session:
    library = Library.of_models(write_models(tmp_path, overdrive, features=FEATURES))
    return Session(Chain.of_plugin(overdrive), library, *guitar)


def test_what_was_heard_adds_up_and_its_answer_comes_first(session: Session) -> None:
    counts = []
    for second in range(REMEMBERED + 1):
        outcome = session.decide(second)
        counts.append(session.excerpts)
        assert outcome.answer
        assert session.decisions.memory.last
        assert session.decisions.memory.last.setting == outcome.answer.setting
    assert counts[:2] == [1, 2]
    assert max(counts) <= REMEMBERED


def test_part_of_a_window_is_a_first_answer_and_no_evidence(session: Session) -> None:
    answer = session.decide(0, whole=False).answer
    assert answer
    assert session.excerpts == 0
    assert session.decisions.memory.last
    assert session.decisions.memory.last.setting == answer.setting
    session.decide(1)
    assert session.excerpts == 1


def test_another_playing_and_another_reference_begin_again(session: Session) -> None:
    for second in range(2):
        session.decide(second)
    assert session.excerpts == 2
    session.decide(2, playing=2)
    assert session.excerpts == 1
    session.decide(3, playing=2)
    assert session.excerpts == 2
    session.decide(4, playing=2, reference=1)
    assert session.excerpts == 1


def test_silence_decides_nothing_and_forgets_nothing(session: Session) -> None:
    session.decide(0)
    silent = Request(np.zeros((1, 48_000), np.float32), 48_000, session.references[0], 1)
    assert session.decisions.decide(silent, Deadline()) == Outcome(None)
    assert session.excerpts == 1
