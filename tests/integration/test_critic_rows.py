"""Scenes and rows that the critic learns from, through the real plugins; all of its training."""

import json
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from bridge.analysis.features import FeatureSettings
from bridge.analysis.metrics import magnitudes, mrstft_with_gain
from bridge.arrays import Audio
from bridge.library import CARD_FILE, CRITIC_FOLDER, MODELS, SHIPPED, Layer, Library
from bridge.models.cards import Foretelling
from bridge.search.render_search import Search
from tests.stand_ins import write_critic
from training.critic import scenes as scenes_module
from training.critic.fit import load_table
from training.critic.gear import GearPairs
from training.critic.rows import KINDS, SEARCHED, Heard, candidates, rows_of, winners, write_rows
from training.critic.run import CriticSettings, train_critic
from training.critic.scenes import (
    MAKERS,
    SOUNDS,
    Scene,
    SceneSource,
    effect_of,
    random_setting,
)
from training.examples import Clip, ClipSettings, ClipSource
from training.fit import Folders

pytestmark = [pytest.mark.xdist_group("training"), pytest.mark.timeout(300)]
CLIPS = ClipSettings(sample_rates_hz=(24_000,), halves_s=(2.75,), other_clip_share=0.5)
FEATURES = FeatureSettings()


@pytest.fixture(scope="module")
def source(tiny_data: Path) -> SceneSource:
    """Scenes of one trained plugin and one rig."""
    library = Library()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scenes_module, "chains", lambda _: {"mda-overdrive": 1.0, "mda-amp": 1.0})
        return SceneSource(clips(tiny_data), library, FEATURES)


def clips(data: Path) -> ClipSource:
    return ClipSource(CLIPS, data / "corpus", "train", 1)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """What is shipped, with a critic over it that compares styles."""
    models = tmp_path_factory.mktemp("models")
    (models / "encoder").symlink_to(MODELS / "encoder")
    write_critic(models)
    return Library((SHIPPED, Layer(models / "none.yaml", models)))


def own_scene(source: SceneSource) -> Scene:
    """The first whose first reference the candidates' chain has made."""
    return next(scene for scene in map(source.__getitem__, range(40)) if scene.made[0].setting)


def same(one: Scene, other: Scene) -> bool:
    return (
        one.chain.id == other.chain.id
        and np.array_equal(one.playing, other.playing)
        and all(
            (a.maker, a.setting) == (b.maker, b.setting)
            and np.array_equal(a.target, b.target)
            and np.array_equal(a.reference, b.reference)
            for a, b in zip(one.made, other.made, strict=True)
        )
    )


def test_a_scene_is_a_function_of_its_number(source: SceneSource) -> None:
    """In whatever order they are drawn."""
    found = [source[index] for index in range(4)]
    assert all(same(source[index], found[index]) for index in (3, 1))
    assert not any(same(found[0], other) for other in found[1:])
    for scene in found:
        start, frames = scene.excerpt.start, scene.excerpt.audio.shape[1]
        assert np.array_equal(scene.excerpt.audio, scene.playing[:, start : start + frames])
        assert len(scene.made) == SOUNDS
        for made in scene.made:
            assert made.maker in MAKERS
            assert made.target.shape == scene.excerpt.audio.shape
            assert np.isfinite(made.reference).all()
            assert np.abs(made.reference).max() > 1e-3


def test_makers_come_as_often_as_they_should(source: SceneSource) -> None:
    made = [made.maker for index in range(10) for made in source[index].made]
    assert 0.25 < made.count("own") / len(made) < 0.75
    assert set(made) == set(MAKERS)


class FirstQuiet(ClipSource):
    """The first clip that is drawn has almost no sound in its second half."""

    drawn = 0

    def __getitem__(self, index: int) -> Clip:
        clip = super().__getitem__(index)
        self.drawn += 1
        return replace(clip, other=1e-4 * clip.other) if self.drawn == 1 else clip


def test_any_chain_can_be_judged(tiny_data: Path) -> None:
    library = Library()
    draw = np.random.default_rng(0)
    drawn = [scenes_module.any_chain(draw, library.manifest) for _ in range(200)]
    assert {len(chain.slots) for chain in drawn} == {1, 2, 3, 4}
    # One alone has no predictor: those that have are judged anyhow.
    assert not any(c.slots[0].plugin.model for c in drawn if len(c.slots) == 1)
    kinds = {slot.plugin.id for chain in drawn for slot in chain.slots}
    assert kinds == {plugin.id for plugin in library.manifest.plugins}
    assert any(slot.optional for chain in drawn for slot in chain.slots)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scenes_module, "chains", lambda _: {"any": 1.0})
        scene = SceneSource(clips(tiny_data), library, FEATURES)[0]
    rows = rows_of(Heard.of(scene, library), candidates)
    assert np.isfinite(rows["distance"]).all()
    assert str(rows["chain"]) == scene.chain.id


def test_a_clip_that_is_all_but_silent_costs_one_draw(tiny_data: Path) -> None:
    quiet = FirstQuiet(CLIPS, tiny_data / "corpus", "train", 1)
    scene = SceneSource(quiet, Library(), FEATURES)[3]
    assert quiet.drawn == 2
    assert len(scene.made) == SOUNDS
    assert all(np.abs(made.reference).max() > 1e-3 for made in scene.made)


@pytest.fixture(scope="module")
def own_rows(source: SceneSource) -> tuple[Scene, dict[str, npt.NDArray[np.generic]]]:
    scene = own_scene(source)
    return scene, rows_of(Heard.of(scene, Library()), candidates)


def test_a_target_is_at_no_distance_from_itself_and_what_is_near_it_is_nearer(
    own_rows: tuple[Scene, dict[str, npt.NDArray[np.float32]]],
) -> None:
    _, rows = own_rows
    kinds = [KINDS[number] for number in rows["kind"]]
    assert kinds[: 1 + SOUNDS] == ["dry"] + ["target"] * SOUNDS
    assert {"near", "random", "proposed"} <= set(kinds)
    for number in range(SOUNDS):
        assert rows["distance"][number, 1 + number] == pytest.approx(0, abs=1e-4)
    # The first two that are near are those of the first reference.
    raw = rows["distance"][0, :, 1]
    near = raw[kinds.index("near")]
    far = np.mean([raw[number] for number, kind in enumerate(kinds) if kind == "random"])
    assert 0 < near < far


def test_distances_are_those_that_scores_are_made_of(
    own_rows: tuple[Scene, dict[str, npt.NDArray[np.float32]]],
) -> None:
    """A part of the spectra's values tells them within a few hundredths."""
    scene, rows = own_rows
    target = scene.made[0].target[0]
    raw, matched = mrstft_with_gain(scene.excerpt.audio[0], target, magnitudes(target))
    assert rows["distance"][0, 0, 0] == pytest.approx(matched, rel=0.05)
    assert rows["distance"][0, 0, 1] == pytest.approx(raw, rel=0.05)


def test_rows_of_a_scene_repeat(
    source: SceneSource, own_rows: tuple[Scene, dict[str, npt.NDArray[np.generic]]]
) -> None:
    scene, rows = own_rows
    again = rows_of(Heard.of(source[scene.index], Library()), candidates)
    assert again.keys() == rows.keys()
    assert all(np.array_equal(again[name], rows[name]) for name in rows)


def test_winners_are_what_a_search_likes_best(
    source: SceneSource, judged: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    searches: list[Search] = []

    class Watched(Search):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            searches.append(self)

    monkeypatch.setattr("training.critic.rows.Search", Watched)
    scene = own_scene(source)
    effect, draw = effect_of(scene.chain), np.random.default_rng(0)
    told: dict[int, list[Audio]] = {}
    for winner in winners(Heard.of(scene, judged)):
        assert winner.kind == "winner"
        told.setdefault(len(searches) - 1, []).append(winner.audio)
    assert set(told) == set(range(len(searches))) != set()
    for number, search in enumerate(searches):
        ranked = sorted((c for c in search.candidates if not c.bypass), key=lambda c: c.cost)
        heard = [effect.render(scene.excerpt.audio, scene.sample_rate, c.setting) for c in ranked]
        places = [
            next(place for place, wet in enumerate(heard) if np.array_equal(wet, winner))
            for winner in told[number]
        ]
        # The best of each search, made by the scene's own chain, and worse ones after it.
        assert places[0] == 0
        assert places == sorted(places)
        assert len(ranked) / 2 < places[-1] < len(ranked)
        # It is liked better than what is drawn by chance.
        drawn = [search.render(random_setting(draw, scene.chain)) for _ in range(9)]
        assert ranked[0].cost < np.median(drawn)


def test_rows_are_written_once(
    source: SceneSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.critic.rows.CHUNK", 2)
    library = Library()
    write_rows(source, library, tmp_path, range(3), partial(rows_of, judged=candidates), 1)
    first, second = sorted(tmp_path.iterdir())
    assert [path.name for path in (first, second)] == ["00000000.npz", "00000002.npz"]
    table = load_table([tmp_path])
    assert len(np.unique(table.cases)) == 3 * SOUNDS
    # What a kill has left out is made again, and nothing else.
    written = second.read_bytes()
    second.unlink()
    second.with_suffix(".partial.npz").write_bytes(written[:100])
    os.utime(first, (1, 1))
    write_rows(source, library, tmp_path, range(3), partial(rows_of, judged=candidates), 1)
    assert first.stat().st_mtime == 1
    again = load_table([tmp_path])
    assert np.array_equal(again.comparisons, table.comparisons)
    assert np.array_equal(again.goals, table.goals)
    assert not list(tmp_path.glob("*.partial*"))


@pytest.fixture
def gear(tmp_path: Path, guitar: tuple[Audio, int]) -> GearPairs:
    """A capture that halves and turns over, of two clips, and one of a single clip."""
    audio, rate = guitar
    folder = tmp_path / "gear" / "train"
    folder.mkdir(parents=True)
    entries = []
    for number, capture in enumerate(("amp", "amp", "pedal")):
        dry = audio[:, number * 2 * rate :][:, : 4 * rate]
        names = {kind: f"{number}-{kind}.flac" for kind in ("dry", "wet")}
        soundfile.write(folder / names["dry"], dry[0], rate)
        soundfile.write(folder / names["wet"], -0.5 * dry[0], rate)
        entries.append(
            {
                "capture": capture,
                "split": "train",
                "kind": "guitar",
                "stem": "",
                "start_s": 0.0,
                "seconds": 4.0,
                "wet_gain_db": 0.0,
                "sha256": "",
                **names,
            }
        )
    (folder / "index.json").write_text(json.dumps(entries))
    return GearPairs(tmp_path / "gear", "train")


def test_gear_gives_other_playing_through_the_same_capture(gear: GearPairs) -> None:
    for seed in range(6):
        one, other = gear.draw(np.random.default_rng(seed))
        assert one.dry.shape[0] == 1
        assert one.wet == pytest.approx(-0.5 * one.dry, abs=1e-4)
        assert not np.array_equal(other.wet, one.wet)
    first, again = (gear.draw(np.random.default_rng(3))[0] for _ in range(2))
    assert np.array_equal(first.wet, again.wet)


def test_a_scene_of_gear_asks_for_what_the_gear_makes_of_the_excerpt(
    gear: GearPairs, tiny_data: Path
) -> None:
    source = SceneSource(clips(tiny_data), Library(), FEATURES, gear)
    scenes = (source[index] for index in range(60))
    scene = next(scene for scene in scenes if scene.made[0].maker == "gear")
    made = scene.made[0]
    assert made.setting is None
    ratio = made.target / np.where(np.abs(scene.excerpt.audio) < 0.01, np.nan, scene.excerpt.audio)
    # Half of it, turned over, at some level.
    assert np.nanstd(ratio) < 0.02 * abs(np.nanmean(ratio))
    assert np.nanmean(ratio) < 0


def test_a_critic_is_trained_in_rounds_and_exported(
    tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenes_module, "chains", lambda _: {"mda-overdrive": 1.0})
    monkeypatch.setattr("training.critic.rows.CHUNK", 2)
    models = tmp_path / "models"
    models.mkdir()
    for folder in MODELS.iterdir():
        if folder.name != CRITIC_FOLDER:
            (models / folder.name).symlink_to(folder)
    settings = CriticSettings(
        clips=CLIPS,
        scenes=3,
        validation_scenes=2,
        winner_scenes=(2,),
        validation_winner_scenes=2,
        epochs=1,
    )
    folders = Folders(tiny_data, tmp_path / "runs")
    train_critic(settings, folders, models)
    card = json.loads((models / CRITIC_FOLDER / CARD_FILE).read_text())
    encoder = json.loads((models / "encoder" / CARD_FILE).read_text())
    assert card["encoder_sha256"] == encoder["sha256"]
    assert card["cases"] == 5 * SOUNDS
    assert card["metrics"]["cases"] == 2 * SEARCHED
    run = folders.runs / "critic"
    stages = [json.loads(line)["stage"] for line in (run / "log.jsonl").read_text().splitlines()]
    assert stages == ["round-0", "round-1", "winners"]
    kept = {path: path.stat().st_mtime_ns for path in run.glob("rows/*/*.npz")}
    assert len(kept) == 2 + 1 + 1 + 1 + 1
    assert card["foretelling"] != Foretelling().model_dump()

    # Again it goes on from what is there, and ends with the same.
    train_critic(settings, folders, models)
    assert {path: path.stat().st_mtime_ns for path in run.glob("rows/*/*.npz")} == kept
    again = json.loads((models / CRITIC_FOLDER / CARD_FILE).read_text())
    assert again["sha256"] == card["sha256"]
    assert again["metrics"] == card["metrics"]
    assert again["foretelling"] == card["foretelling"]
