"""Teaching a plugin, from its first clip to a search that uses what was learned; made small."""

from pathlib import Path

import pytest

from bridge.chain import chain_of
from bridge.estimate.estimator import Estimator
from bridge.library import MANIFEST, SHIPPED, Layer, Library
from bridge.models.cards import PredictorCard, read_card
from tests.user_table import USER_TABLE
from training.learning import Wish, learn, run
from training.learning.judging import Verdict

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.pool._CHUNK", 16)
    monkeypatch.setattr("training.sensitivity.CASES", 2)
    # One batch, and one chunk that is held back.
    for name, value in (
        ("_CHUNK", 16),
        ("_LEAST_CLIPS", 64),
        ("_MOST_CLIPS", 64),
        ("_EPOCHS", 2),
        ("_LEAST_CASES", 2),
        ("_MOST_CASES", 2),
        ("BUDGET_S", 0.5),
    ):
        monkeypatch.setattr(run, name, value)


@pytest.mark.usefixtures("small")
def test_a_plugin_of_the_users_is_taught_and_then_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = Layer(tmp_path / "own" / MANIFEST.name, tmp_path / "own" / "models")
    layer.manifest.parent.mkdir()
    layer.manifest.write_text(USER_TABLE)
    library = Library((SHIPPED, layer))
    plugin = library.manifest.plugin("my-gain")
    wish = Wish(plugin, library, layer, tmp_path / "cache", minutes=1.0, workers=1)
    told: list[str] = []
    monkeypatch.setattr(Verdict, "better", property(lambda _: False))
    first = learn(wish, told.append)
    assert (first.kept, first.clips, len(first.verdict.cases)) == (None, 64, 2)
    assert [line[:6] for line in told] == ["1 of 3", "2 of 3", "3 of 3"]
    assert layer.manifest.read_text() == USER_TABLE
    assert not layer.models.exists()
    chunks = {path: path.stat().st_mtime for path in (tmp_path / "cache").rglob("0*.npz")}
    # Of the dry clips and of the references, for learning and held back.
    assert len(chunks) == 2 * (64 // 16 + 1)

    # Where it helps it is kept; what was heard is not heard again.
    monkeypatch.setattr(Verdict, "better", property(lambda _: True))
    second = learn(wish, told.append)
    assert {path: path.stat().st_mtime for path in chunks} == chunks
    assert second.kept == layer.models / "learned-my-gain"
    card = read_card(second.kept, PredictorCard)
    assert card.experiment == "learn"
    assert card.metrics["search_cases"] == 2
    assert {source.package for source in card.training_data} == {"bundled recordings"}
    chain = chain_of("my-gain", library.manifest)
    assert Estimator(chain, library).trained
    assert (layer.models / f"kept-encoder-{card.encoder_sha256[:12]}").is_dir()
