"""Learning to judge, from made-up rows: the table, the network, its export, and picking."""

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from bridge.analysis.statistics import LEVEL_NAMES, SIZE
from bridge.library import CRITIC_FOLDER, ENCODER_FOLDER
from bridge.manifest import PluginSpec
from bridge.models.cards import EncoderCard, read_card
from bridge.models.critic import LEAST_DISTANCE, QUANTILES, Critic
from bridge.search.comparison import COMPARISON_SIZE
from bridge.search.surprise import SURPRISES
from tests.stand_ins import write_models
from training.critic.export import export_critic
from training.critic.fit import Plan, Table, fit_critic, load_table
from training.critic.networks import HEADS, CriticNetwork
from training.critic.picking import HARMED, Picks, cautious_quantile, picks, quantiles_of
from training.critic.rows import KINDS
from training.errors import TrainingError
from training.export import TOLERANCE, golden_difference

# In one worker, which fits the network that many look at once.
pytestmark = pytest.mark.xdist_group("critic")
CASES, ROWS = 24, 6
DRY, RANDOM = KINDS.index("dry"), KINDS.index("random")


def write_chunk(folder: Path, first: int, seed: int = 0) -> None:
    """Scenes of one reference, whose candidates are the nearer the more they are like it."""
    folder.mkdir(exist_ok=True)
    draw = np.random.default_rng(seed)
    sizes = {"style": SIZE, "levels": len(LEVEL_NAMES)}
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for scene in range(first, first + CASES):
        # The playing is all the way from the reference; the candidates some of it.
        shares = np.array([1.0, *draw.random(ROWS - 1)])
        rows: dict[str, object] = {
            "kind": np.array([DRY] + [RANDOM] * (ROWS - 1), np.int8),
            "maker": np.array(["own"]),
            "chain": np.array("mda-overdrive"),
            "distance": np.stack([1.5 * shares, 2.0 * shares], axis=1).astype(np.float32)[None],
            "echo_similarity": np.full((1, ROWS, 2), 0.5, np.float32),
            "surprises": np.zeros((1, ROWS, len(SURPRISES)), np.float32),
        }
        for name, size in sizes.items():
            reference, away = draw.standard_normal((2, size))
            rows[f"reference_{name}"] = reference[None].astype(np.float16)
            rows[f"played_{name}"] = (reference + away)[None].astype(np.float16)
            rows[f"candidate_{name}"] = (reference + shares[:, None] * away).astype(np.float16)
        arrays |= {f"{scene}.{name}": np.asarray(values) for name, values in rows.items()}
    np.savez(folder / f"{first:08d}.npz", allow_pickle=False, **arrays)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    folder = tmp_path_factory.mktemp("rows")
    write_chunk(folder, 0)
    write_chunk(folder, 32, seed=1)
    return load_table([folder])


@pytest.fixture(scope="module")
def network(table: Table) -> CriticNetwork:
    return fit_critic(table, Plan(epochs=40, cases_a_batch=8)).cpu()


def test_rows_of_several_files_and_folders_become_one_table(tmp_path: Path, table: Table) -> None:
    assert len(table.comparisons) == 2 * CASES * ROWS
    assert table.comparisons.shape[1] == COMPARISON_SIZE
    assert table.starts.tolist() == list(range(0, 2 * CASES * ROWS + 1, ROWS))
    write_chunk(tmp_path / "one", 0)
    write_chunk(tmp_path / "other", 0, seed=1)
    both = load_table([tmp_path / "one", tmp_path / "other"])
    assert np.array_equal(both.comparisons, table.comparisons)
    assert len(np.unique(both.cases)) == 2 * CASES


def test_goals_are_logarithms_of_distances_and_of_the_change(table: Table) -> None:
    assert table.goals.shape[1] == HEADS
    assert table.goals[:, :2] == pytest.approx(np.log(table.distances + LEAST_DISTANCE), abs=1e-6)
    dry = table.kinds == DRY
    assert not table.goals[dry, 2].any()
    # Candidates here lie between the playing and the reference.
    assert (table.goals[~dry, 2] < 0).all()


def test_each_reference_of_a_scene_is_a_case(tmp_path: Path) -> None:
    write_chunk(tmp_path, 0)
    path = tmp_path / "00000000.npz"
    with np.load(path) as arrays:
        rows = {name: arrays[name] for name in arrays.files}
    several = ("distance", "echo_similarity", "surprises", "maker")
    several += ("reference_style", "reference_levels")
    for name in several:
        rows[f"3.{name}"] = np.concatenate([rows[f"3.{name}"]] * 2)
    np.savez(path, allow_pickle=False, **rows)
    found = load_table([tmp_path])
    assert len(found.starts) - 1 == CASES + 1
    third, fourth = (found.comparisons[found.cases == case] for case in (3, 4))
    assert np.array_equal(third, fourth)


def test_without_rows_it_is_told(tmp_path: Path) -> None:
    (tmp_path / "00000000.partial.npz").write_bytes(b"cut off")
    with pytest.raises(TrainingError, match="no rows below"):
        load_table([tmp_path])


def test_quantiles_of_any_network_rise() -> None:
    torch.manual_seed(0)
    network = CriticNetwork().eval()
    found = network(10 * torch.randn(50, COMPARISON_SIZE))
    assert found.shape == (50, HEADS, len(QUANTILES))
    assert (found.diff(dim=-1) > 0).all()


def test_fitting_lowers_the_error_and_orders_candidates(
    table: Table, network: CriticNetwork
) -> None:
    first = fit_critic(table, Plan(epochs=1, cases_a_batch=8, learning_rate=1e-6)).cpu()
    middle = len(QUANTILES) // 2

    def error(some: CriticNetwork) -> float:
        return float(np.abs(quantiles_of(some, table)[:, :, middle] - table.goals).mean())

    assert error(network) < 0.3 * error(first)
    found = quantiles_of(network, table)[:, 0, middle]
    assert np.corrcoef(found, table.goals[:, 0])[0, 1] > 0.9


def test_the_same_seed_learns_the_same(table: Table) -> None:
    plan = Plan(epochs=1, cases_a_batch=8, seed=3)
    one, again = (fit_critic(table, plan).cpu().state_dict() for _ in range(2))
    assert all(torch.equal(one[name], again[name]) for name in one)


def test_what_is_exported_loads_and_judges_as_it_was_trained(
    tmp_path: Path, overdrive: PluginSpec, table: Table, network: CriticNetwork
) -> None:
    models, target = write_models(tmp_path / "models", overdrive), tmp_path / "exported"
    target.mkdir()
    corpus = tmp_path / "corpus"
    (corpus / "train").mkdir(parents=True)
    stem = dict(path="a.flac", kind="bass", seconds=3600, package="p", licence="CC0", sha256="0")
    (corpus / "train" / "index.json").write_text(json.dumps([stem]))
    figures = {"harmed": 0.02}
    export_critic("critic", network, table, 48, 0.7, figures, corpus, target, encoder_of=models)
    assert [path.name for path in target.iterdir()] == [CRITIC_FOLDER]
    assert golden_difference(target / CRITIC_FOLDER) < TOLERANCE
    encoder = read_card(models / ENCODER_FOLDER, EncoderCard)
    critic = Critic(target / CRITIC_FOLDER, encoder.sha256)
    assert (critic.card.cases, critic.card.cautious) == (48, 0.7)
    assert critic.card.metrics == figures
    assert [source.licence for source in critic.card.training_data] == ["CC0"]
    rows = table.comparisons[:40].astype(np.float32)
    judgement, quantiles = critic.judge(rows), quantiles_of(network, table)[:40]
    assert judgement.change == pytest.approx(quantiles[:, 2], abs=1e-4)
    expected = np.maximum(np.exp(quantiles[:, 0]) - LEAST_DISTANCE, 0)
    assert judgement.matched == pytest.approx(expected, abs=1e-4)


def test_picks_are_the_least_expected_where_they_are_surely_nearer(
    table: Table, network: CriticNetwork
) -> None:
    found = picks(network, table, 0.5)
    dry = table.distances[table.kinds == DRY, 0]
    nearest = table.distances[:, 0].reshape(-1, ROWS).min(axis=1)
    assert np.array_equal(found.nothing, dry)
    # What it has learned it knows: it takes nearly all that can be taken.
    assert found.answer.mean() - nearest.mean() < 0.3 * (dry.mean() - nearest.mean())
    assert found.predicted.mean() == pytest.approx(found.answer.mean(), abs=0.15)


def test_a_network_that_promises_too_much_is_answered_with_caution(table: Table) -> None:
    """Here candidates are no nearer than doing nothing, and the network's spread is what it knows.

    At a higher quantile fewer of its promises count, so fewer answers harm.
    """

    class Promising(CriticNetwork):
        def forward(self, comparisons: torch.Tensor) -> torch.Tensor:
            draw = torch.Generator().manual_seed(0)
            rows = torch.randn(len(comparisons), HEADS, 1, generator=draw) - 0.5
            return rows + torch.tensor([-1.0, -0.5, 0.0, 0.5, 1.0])

    distances = table.distances.copy()
    distances[table.kinds == DRY] = distances.min() / 2
    farther = Table(
        **{
            name: getattr(table, name) for name in Table.__dataclass_fields__ if name != "distances"
        },
        distances=distances,
    )
    network = Promising()
    harm = [picks(network, farther, quantile).harmed for quantile in (0.5, 0.75, 0.9)]
    assert harm[0] > harm[1] > harm[2] > 0
    chosen = cautious_quantile(network, farther, harm[1])
    assert 0.5 < chosen <= 0.75
    assert picks(network, farther, chosen).harmed <= harm[1]
    assert cautious_quantile(network, farther, 1.0) == 0.5
    assert cautious_quantile(network, farther, 0.0) == 0.9


def test_figures_say_what_answers_bring() -> None:
    nothing = np.array([1.0, 2.0, 0.1, 0.5], np.float32)
    answer = np.array([0.5, 2.0 + 2 * HARMED, 0.1, 0.5 + HARMED / 2], np.float32)
    found = Picks(nothing, answer, np.full(4, 0.8, np.float32))
    assert found.harmed == 0.25
    # Where doing nothing is hardly audible already there is nothing to gain.
    assert found.gains == pytest.approx([0.5, -0.05, -0.05], abs=1e-6)
    figures = found.figures()
    assert figures["gain_mean"] == pytest.approx(0.1333, abs=1e-4)
    assert figures["distance_predicted"] == pytest.approx(0.8)
    assert figures["cases"] == 4
    near = np.full(3, 0.01, np.float32)
    assert Picks(near, near, near).figures()["gain_mean"] == 0
