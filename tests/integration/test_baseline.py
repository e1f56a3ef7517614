"""The spectrogram β-VAE that the shipped encoder is compared with."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from bridge.arrays import Audio
from bridge.audio.resample import resample
from bridge.manifest import Manifest, PluginSpec
from tests.integration.tiny_training import CHUNK, SENSITIVITY_CASES, TinyLibrary
from training.baseline import BaselineSettings, HeadSettings, VaeSettings, compare
from training.baseline.heads import Evidence, constant_errors, errors_of, train_head
from training.baseline.networks import LATENT, Decoder, PictureEncoder
from training.baseline.pictures import SHAPE, picture
from training.baseline.vae import cyclic_beta, latents
from training.errors import TrainingError
from training.fit import Folders, Trained, fit
from training.networks import EMBEDDING_SIZE

pytestmark = [pytest.mark.xdist_group("training"), pytest.mark.timeout(300)]
JOINT = """
clips: {sample_rates_hz: [24000], halves_s: [2.75]}
pool: {clips: 32, validation_clips: 16, seed: 1}
joint: {epochs: 2, batch: 16}
"""


def test_a_picture_is_free_of_level(guitar: tuple[Audio, int]) -> None:
    audio = resample(guitar[0], guitar[1], 24_000)[0]
    seen = picture(audio)
    assert seen.shape == SHAPE
    assert -1.001 <= seen.min() < seen.max() <= 1.1
    assert picture(audio / 20) == pytest.approx(seen, abs=1e-3)
    tone = np.sin(2 * np.pi * 1_000 * np.arange(66_048) / 24_000).astype(np.float32)
    assert picture(tone).max() == pytest.approx(1.0, abs=0.03)
    short = picture(audio[:33_024])
    assert short.shape == SHAPE
    # Half a window is 64.5 columns: what repeats is there again, half a column later.
    again, elsewhere = short[:, 65:95], short[:, 95:125]
    assert np.abs(short[:, :30] - again).mean() < 0.5 * np.abs(short[:, :30] - elsewhere).mean()


def test_networks_have_the_shapes_they_promise() -> None:
    encoder, decoder = PictureEncoder().eval(), Decoder()
    pictures = np.random.default_rng(1).normal(size=(2, *SHAPE)).astype(np.float16)
    found = latents(encoder, pictures)
    assert found.shape == (2, LATENT)
    assert torch.equal(found, latents(encoder, pictures))
    assert decoder(found).shape == (2, *SHAPE)
    assert sum(p.numel() for p in encoder.parameters()) < 3_000_000


def test_beta_climbs_in_the_first_half_of_every_cycle() -> None:
    s = VaeSettings(cycles=2, beta_low=0.0, beta_high=1.0)
    betas = [cyclic_beta(step, 80, s) for step in range(80)]
    assert betas[:40] == pytest.approx(betas[40:])
    assert betas[0] == 0
    assert betas[10] == pytest.approx(0.5)
    assert betas[20:40] == [1.0] * 20


def evidence(plugin: PluginSpec, seed: int) -> Evidence:
    """Cases whose references' embeddings hold the truth, padded to the predictor's size."""
    draw = np.random.default_rng(seed)
    truth = draw.random((256, len(plugin.predicted))).astype(np.float32)
    embeddings = np.zeros((2, 256, EMBEDDING_SIZE), np.float32)
    embeddings[1, :, : truth.shape[1]] = truth
    levels = torch.zeros(256, 8)
    truth[:16] = np.nan
    rate = torch.full((256, 1), 48_000.0)
    return Evidence((*torch.from_numpy(embeddings), levels, levels, rate), truth)


def test_a_head_learns_what_embeddings_hold(overdrive: PluginSpec) -> None:
    seen, asked = evidence(overdrive, 1), evidence(overdrive, 2)
    constant = constant_errors(overdrive, seen.truth, asked.truth)
    predictor = train_head(overdrive, seen, HeadSettings(epochs=25))
    found = errors_of(predictor, overdrive, asked)
    for symbol, error in found.items():
        assert constant[symbol] == pytest.approx(0.25, abs=0.03)
        assert error < 0.5 * constant[symbol]


def test_a_constant_answers_the_commonest_class(manifest: Manifest) -> None:
    plugin = manifest.plugin("mda-combo")
    seen = np.full((5, len(plugin.predicted)), 0.5, np.float32)
    seen[:3, 0], seen[4] = 1.0, np.nan
    truth = seen.copy()
    truth[0, 0], truth[:4, 1] = 0.0, 0.75
    found = constant_errors(plugin, seen, truth)
    assert found["model"] == pytest.approx(0.5)
    assert found["drive"] == pytest.approx(0.25)


def test_the_baseline_stands_beside_a_trained_run(
    tiny_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "base.yaml").write_text(JOINT)
    monkeypatch.setattr("training.runs.EXPERIMENTS", tmp_path)
    monkeypatch.setattr("training.pool._CHUNK", CHUNK)
    monkeypatch.setattr("training.baseline.pictures._CHUNK", CHUNK)
    monkeypatch.setattr("training.sensitivity.CASES", SENSITIVITY_CASES)
    manifest, folders = TinyLibrary().manifest, Folders(tiny_data, tmp_path / "runs")
    trained = fit("base", manifest, folders, workers=1)
    s = BaselineSettings(
        clips=16,
        validation_clips=8,
        vae=VaeSettings(epochs=2, batch=8),
        heads=HeadSettings(epochs=2, batch=8),
    )
    for _ in range(2):
        compare("base", trained, manifest, folders, s, tmp_path, workers=1)
    log = (tmp_path / "runs" / "base-baseline" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in log] == [1, 2]
    report = json.loads((tmp_path / "baseline.json").read_text())
    found = report["errors"]["mda-overdrive"]
    assert list(found) == ["constant", "β-VAE", "statistics", "shipped"]
    for errors in found.values():
        assert errors.keys() == {"drive", "muffle", "output"}
        assert all(0 < error < 0.8 for error in errors.values())
    table = (tmp_path / "baseline.md").read_text()
    assert "| mean absolute error | constant | β-VAE | statistics | shipped |" in table
    assert table.count("| mda-overdrive |") == 1
    with pytest.raises(TrainingError, match="other settings"):
        compare("base", trained, manifest, folders, s.model_copy(update={"clips": 24}), tmp_path)
    alone = trained.experiment.model_copy(update={"joint": None})
    other = Trained(alone, trained.encoder, trained.predictors)
    with pytest.raises(TrainingError, match="name a joint experiment"):
        compare("base", other, manifest, folders, s, tmp_path)
