"""Cases and rows that the critic learns from, through the real plugins, and all of its training."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.analysis.features import FeatureSettings
from bridge.arrays import Audio
from bridge.library import CARD_FILE, CRITIC_FOLDER, MODELS, SHIPPED, Layer, Library
from tests.stand_ins import write_critic
from training.critic import cases as cases_module
from training.critic.cases import MAKERS, Case, CaseSource
from training.critic.fit import load_table
from training.critic.rows import KINDS, Judging, Row, rows_of, winner_rows, write_rows
from training.critic.run import CriticSettings, train_critic
from training.examples import ClipSettings, ClipSource
from training.fit import Folders
from training.gear import GearPairs

pytestmark = [pytest.mark.xdist_group("training"), pytest.mark.timeout(300)]
CLIPS = ClipSettings(sample_rates_hz=(24_000,), halves_s=(2.75,), other_clip_share=0.5)
FEATURES = FeatureSettings()


@pytest.fixture(scope="module")
def source(tiny_data: Path) -> CaseSource:
    """Cases of one trained plugin and one rig."""
    library = Library()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cases_module, "chains", lambda _: {"mda-overdrive": 1.0, "mda-amp": 1.0})
        return CaseSource(clips(tiny_data), library, FEATURES)


def clips(data: Path) -> ClipSource:
    return ClipSource(CLIPS, data / "corpus", "train", 1)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """What is shipped, with a critic over it that compares styles."""
    models = tmp_path_factory.mktemp("models")
    (models / "encoder").symlink_to(MODELS / "encoder")
    write_critic(models)
    return Library((SHIPPED, Layer(models / "none.yaml", models)))


def own_case(source: CaseSource) -> Case:
    """The first one whose reference the candidates' chain has made."""
    return next(case for case in map(source.__getitem__, range(40)) if case.truth)


def same(one: Case, other: Case) -> bool:
    return (
        (one.maker, one.chain.id, one.truth) == (other.maker, other.chain.id, other.truth)
        and np.array_equal(one.playing, other.playing)
        and np.array_equal(one.target, other.target)
        and np.array_equal(one.reference, other.reference)
    )


def test_a_case_is_a_function_of_its_number(source: CaseSource, tiny_data: Path) -> None:
    """In whatever order they are drawn, and by whomever."""
    found = [source[index] for index in range(6)]
    assert all(same(source[index], found[index]) for index in (4, 1))
    assert not any(same(found[0], other) for other in found[1:])
    for case in found:
        assert case.maker in MAKERS
        assert case.target.shape == case.excerpt.audio.shape
        start, frames = case.excerpt.start, case.excerpt.audio.shape[1]
        assert np.array_equal(case.excerpt.audio, case.playing[:, start : start + frames])
        assert np.isfinite(case.reference).all()
        assert np.abs(case.reference).max() > 1e-3


def test_makers_come_as_often_as_they_should(source: CaseSource) -> None:
    made = [source[index].maker for index in range(40)]
    assert 0.25 < made.count("own") / len(made) < 0.75
    assert len(set(made)) >= 4


@pytest.fixture(scope="module")
def own_rows(source: CaseSource) -> tuple[Case, list[Row]]:
    case = own_case(source)
    return case, list(rows_of(Judging.of(case, Library())))


def test_the_truth_is_at_no_distance_and_what_is_near_it_is_nearer_than_the_rest(
    own_rows: tuple[Case, list[Row]],
) -> None:
    _, rows = own_rows
    by_kind = {kind: [row for row in rows if row.kind == kind] for kind in KINDS}
    assert [row.kind for row in rows[:2]] == ["dry", "gain"]
    (truth,) = by_kind["truth"]
    assert truth.matched == pytest.approx(0, abs=1e-4)
    assert truth.raw == pytest.approx(0, abs=1e-4)
    for row in rows:
        assert row.matched >= truth.matched
    near, far = (np.mean([r.raw for r in by_kind[kind]]) for kind in ("near", "random"))
    assert 0 < near < far
    assert len(by_kind["proposed"]) >= 3


def test_candidates_of_a_case_repeat(source: CaseSource, own_rows: tuple[Case, list[Row]]) -> None:
    case, rows = own_rows
    again = list(rows_of(Judging.of(source[case.index], Library())))
    assert [(r.kind, r.matched, r.raw) for r in again] == [(r.kind, r.matched, r.raw) for r in rows]


def test_a_plain_gain_is_as_loud_as_the_reference(own_rows: tuple[Case, list[Row]]) -> None:
    case, (dry, gain, *_) = own_rows
    assert gain.matched == pytest.approx(dry.matched, abs=1e-3)
    reference = Judging.of(case, Library()).reference
    assert gain.analysis.levels[1] == pytest.approx(reference.levels[1], abs=0.1)


def test_winners_are_what_a_search_likes_best(source: CaseSource, judged: Library) -> None:
    case = own_case(source)
    first, *winners = winner_rows(Judging.of(case, judged))
    assert first.kind == "dry"
    assert {row.kind for row in winners} == {"winner"}
    assert 2 <= len(winners) <= 5
    # The truth is there to be found: what is liked best is near it, what is liked least is not.
    assert winners[0].matched + winners[0].raw < winners[-1].matched + winners[-1].raw


def test_rows_are_written_once(
    source: CaseSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.critic.rows.CHUNK", 2)
    library = Library()
    write_rows(source, library, tmp_path, range(3), rows_of, processes=1)
    first, second = sorted(tmp_path.iterdir())
    assert [path.name for path in (first, second)] == ["0000000.npz", "0000002.npz"]
    table = load_table([tmp_path])
    assert len(np.unique(table.cases)) == 3
    # What a kill has left out is made again, and nothing else.
    written = second.read_bytes()
    second.unlink()
    second.with_suffix(".partial.npz").write_bytes(written[:100])
    os.utime(first, (1, 1))
    write_rows(source, library, tmp_path, range(3), rows_of, processes=1)
    assert first.stat().st_mtime == 1
    again = load_table([tmp_path])
    assert np.array_equal(again.comparisons, table.comparisons)
    assert np.array_equal(again.goals, table.goals)
    assert not list(tmp_path.glob("*.partial*"))


@pytest.fixture
def gear(tmp_path: Path, guitar: tuple[Audio, int]) -> GearPairs:
    """A capture that halves and turns over, of two clips, and one of a single clip."""
    audio, rate = guitar
    folder = tmp_path / "gear"
    folder.mkdir()
    entries = []
    for number, capture in enumerate(("amp", "amp", "pedal")):
        dry = audio[:, number * 2 * rate :][:, : 4 * rate]
        names = {kind: f"{number}-{kind}.flac" for kind in ("dry", "wet")}
        soundfile.write(folder / names["dry"], dry[0], rate)
        soundfile.write(folder / names["wet"], -0.5 * dry[0], rate)
        entries.append({"capture": capture, "clip": str(number), **names})
    (folder / "index.json").write_text(json.dumps(entries))
    return GearPairs(folder)


def test_gear_gives_other_playing_through_the_same_capture(gear: GearPairs) -> None:
    for seed in range(6):
        dry, wet, reference = gear.draw(np.random.default_rng(seed))
        assert dry.shape[0] == 1
        assert wet == pytest.approx(-0.5 * dry, abs=1e-4)
        assert not np.array_equal(reference, wet)
    one, again = (gear.draw(np.random.default_rng(3)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))


def test_a_case_of_gear_asks_for_what_the_gear_makes_of_the_excerpt(
    gear: GearPairs, tiny_data: Path
) -> None:
    source = CaseSource(clips(tiny_data), Library(), FEATURES, gear)
    case = next(case for case in map(source.__getitem__, range(60)) if case.maker == "gear")
    assert case.truth is None
    ratio = case.target / np.where(np.abs(case.excerpt.audio) < 0.01, np.nan, case.excerpt.audio)
    # Half of it, turned over, at some level.
    assert np.nanstd(ratio) < 0.02 * abs(np.nanmean(ratio))
    assert np.nanmean(ratio) < 0


def test_a_critic_is_trained_in_rounds_and_exported(
    tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cases_module, "chains", lambda _: {"mda-overdrive": 1.0})
    monkeypatch.setattr("training.critic.rows.CHUNK", 4)
    models = tmp_path / "models"
    models.mkdir()
    for folder in MODELS.iterdir():
        if folder.name != CRITIC_FOLDER:
            (models / folder.name).symlink_to(folder)
    settings = CriticSettings(
        clips=CLIPS,
        cases=8,
        validation_cases=4,
        winner_cases=(4,),
        validation_winner_cases=4,
        epochs=1,
    )
    folders = Folders(tiny_data, tmp_path / "runs")
    train_critic(settings, folders, models)
    card = json.loads((models / CRITIC_FOLDER / CARD_FILE).read_text())
    encoder = json.loads((models / "encoder" / CARD_FILE).read_text())
    assert card["encoder_sha256"] == encoder["sha256"]
    assert card["cases"] == 12
    assert card["metrics"]["cases"] == 4
    run = folders.runs / "critic"
    stages = [json.loads(line)["stage"] for line in (run / "log.jsonl").read_text().splitlines()]
    assert stages == ["round-0", "round-1", "winners"]
    kept = {path: path.stat().st_mtime_ns for path in run.glob("rows/*/*.npz")}
    assert len(kept) == 2 + 1 + 1 + 1

    # Again it goes on from what is there, and ends with the same.
    train_critic(settings, folders, models)
    assert {path: path.stat().st_mtime_ns for path in run.glob("rows/*/*.npz")} == kept
    again = json.loads((models / CRITIC_FOLDER / CARD_FILE).read_text())
    assert again["sha256"] == card["sha256"]
    assert again["metrics"] == card["metrics"]
