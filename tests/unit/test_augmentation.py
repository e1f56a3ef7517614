"""Augmented recordings: repeatable, fit for use, alike in both halves, and nothing when off."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pydantic import ValidationError

from bridge.arrays import Audio
from training.augmentation import Augmentation, augment
from training.critic.run import load_settings
from training.examples import ClipSettings, ClipSource

RATE = 48_000
REALISTIC = load_settings().clips.augmentation
"""Recordings as they come from musicians: what the critic is trained on."""
SHARES = [name for name in Augmentation.model_fields if name.endswith("_share")]


def playing(seconds: float = 3.0, rate: int = RATE) -> Audio:
    """Decaying notes over a faint floor, (1, frames)."""
    time = np.arange(round(seconds * rate)) / rate
    notes = np.sin(2 * np.pi * 220 * time) * np.exp(-4 * (time % 0.5))
    floor = np.random.default_rng(5).standard_normal(len(time)) / 1_000
    return (0.3 * notes + floor)[None].astype("f4")


def rms_db(audio: Audio) -> float:
    return 20 * float(np.log10(np.sqrt(np.mean(audio**2))))


@pytest.mark.parametrize("rate", [22_050, 24_000, 44_100, RATE, 96_000])
def test_the_same_seed_gives_the_same_sound_finite_loud_and_below_full_scale(rate: int) -> None:
    audio = playing(1.0, rate)
    given = audio.copy()
    seen = set()
    for seed in range(40):
        first, again = (
            augment(np.random.default_rng(seed), audio, rate, REALISTIC) for _ in range(2)
        )
        assert np.array_equal(first, again)
        assert first.shape == audio.shape
        assert first.dtype == np.float32
        assert np.isfinite(first).all()
        assert np.abs(first).max() <= 1
        assert rms_db(first) > rms_db(audio) - 30
        seen.add(first.tobytes())
    assert len(seen) > 30
    assert np.array_equal(audio, given)


@pytest.mark.parametrize("share", SHARES)
def test_every_step_alone_changes_playing_and_survives_silence(share: str) -> None:
    alone = Augmentation.model_validate({share: 1})
    audio = playing()
    for seed in range(5):
        changed = augment(np.random.default_rng(seed), audio, RATE, alone)
        assert not np.array_equal(changed, audio)
        assert abs(rms_db(changed) - rms_db(audio)) < 15
        silent = augment(np.random.default_rng(seed), np.zeros_like(audio), RATE, alone)
        assert np.isfinite(silent).all()
        assert np.abs(silent).max() < 0.02


def test_hiss_and_hum_have_their_levels_and_frequencies() -> None:
    silence = np.zeros((1, 4 * RATE), np.float32)
    hiss, hum = (
        augment(np.random.default_rng(3), silence, RATE, settings)
        for settings in (
            Augmentation(noise_share=1, noise_db=(-60, -60)),
            Augmentation(hum_share=1, hum_db=(-50, -50)),
        )
    )
    assert rms_db(hiss) == pytest.approx(-60, abs=0.2)
    assert rms_db(hum) == pytest.approx(-50, abs=0.2)
    lines = np.flatnonzero(np.abs(np.fft.rfft(hum[0])) > 1) / 4
    assert set(lines) <= {50.0 * n for n in range(1, 9)} or set(lines) <= {
        60.0 * n for n in range(1, 9)
    }


def test_a_room_rings_on_and_leaves_what_was_before_it() -> None:
    click = np.zeros((1, RATE), np.float32)
    click[0, 1_000] = 0.5
    room = Augmentation(room_share=1, room_db=(-12, -12), room_s=(0.3, 0.3))
    heard = augment(np.random.default_rng(1), click, RATE, room)
    assert heard[:, :1_001] == pytest.approx(click[:, :1_001], abs=1e-5)
    tail = heard[0, 1_001:]
    assert 20 * np.log10(np.sqrt(np.sum(tail**2)) / 0.5) == pytest.approx(-12, abs=0.5)
    early, late = np.sum(tail[: RATE // 10] ** 2), np.sum(tail[RATE // 5 :] ** 2)
    assert late < 1e-3 * early


def test_off_is_the_very_same_audio_and_plain_is_off() -> None:
    audio = playing()
    draw = np.random.default_rng(0)
    assert augment(draw, audio, RATE, Augmentation()) is audio
    assert Augmentation().is_off
    assert not REALISTIC.is_off
    assert ClipSettings(augmentation=REALISTIC).plain == ClipSettings()
    with pytest.raises(ValidationError, match="room_share"):
        Augmentation(room_share=1.1)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "train"
    folder.mkdir()
    entries = []
    for number, hz in enumerate((110, 330)):
        time = np.arange(20 * RATE) / RATE
        audio = 0.2 * np.sin(2 * np.pi * hz * time) * (1.2 + np.sin(time))
        soundfile.write(folder / f"{number}_guitar.flac", audio, RATE)
        entry = {"path": f"{number}_guitar.flac", "kind": "guitar", "seconds": 20.0}
        entries.append({**entry, "package": "p", "licence": "l", "sha256": str(number)})
    (folder / "index.json").write_text(json.dumps(entries))
    return tmp_path


@pytest.mark.parametrize("other_clip_share", [0.0, 1.0])
def test_a_clip_keeps_its_bits_without_and_both_halves_change_alike_with(
    corpus: Path, other_clip_share: float
) -> None:
    settings = ClipSettings(
        sample_rates_hz=(RATE,), halves_s=(2.0,), other_clip_share=other_clip_share
    )
    loud = settings.model_copy(
        update={"augmentation": Augmentation(level_share=1, level_db=(-9, -9))}
    )
    for index in range(5):
        plain = ClipSource(settings, corpus, "train", 7)[index]
        quiet = ClipSource(loud, corpus, "train", 7)[index]
        again = ClipSource(loud, corpus, "train", 7)[index]
        assert plain.stem == quiet.stem
        for half in ("dry", "other"):
            before, after = getattr(plain, half), getattr(quiet, half)
            assert np.array_equal(after, getattr(again, half))
            assert after == pytest.approx(before * 10 ** (-9 / 20), abs=1e-6)

    tone = settings.model_copy(update={"augmentation": Augmentation(pickup_share=1)})
    changed = ClipSource(tone, corpus, "train", 7)[0]
    plain = ClipSource(settings, corpus, "train", 7)[0]
    whole = np.concatenate([changed.dry, changed.other], axis=1)
    assert whole.shape == (1, 4 * RATE)
    assert not np.array_equal(changed.dry, plain.dry)
    assert not np.array_equal(changed.other, plain.other)
