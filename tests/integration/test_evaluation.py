"""The evaluation from corpus to tables, with the real plugins and small corpora."""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch

from bridge.analysis.features import FeatureSettings
from bridge.arrays import Audio
from bridge.chain import Chain, ChainSetting, chain_of
from bridge.effects import load_chain
from bridge.estimate.answer import Answer
from bridge.library import Library
from bridge.manifest import Manifest, PluginSpec
from tests.stand_ins import write_critic
from training.corpus import GearPair, Stem
from training.errors import TrainingError
from training.evaluation import Settings, bench, evaluate, report
from training.evaluation.answers import answer_case
from training.evaluation.cases import NoCaseError, OwnCases
from training.evaluation.cross_plugin import CrossCases, load_counterparts
from training.evaluation.digest import Measured, by_host_rate
from training.evaluation.draws import usable_setting
from training.evaluation.nearly_dry import NearlyDryCases
from training.evaluation.outcomes import Outcome
from training.evaluation.protocol import KEYS, REAL_GEAR, SAME_PLUGIN, SHORT_S, SLICES, TRUE, Work
from training.evaluation.results import ChainResults
from training.evaluation.scores import HAS_PESQ, score
from training.examples import ClipSource
from training.export import export
from training.fit import trainable
from training.joint import Networks
from training.networks import Encoder, Predictor
from training.pool import load_pool

# All evaluations in one worker, which makes what they share once.
pytestmark = pytest.mark.xdist_group("evaluation")
SETTINGS = Settings(cases=6, rendered_cases=3, pesq_cases=2, ceiling_cases=1, seed=7)
CRITIC = "1" * 64
KINDS = sorted({kind for kinds in SLICES.values() for kind in kinds})
MANIFEST = Library().manifest
AT_TIMES_UNHEARD = {"pedalboard-noise-gate", "pedalboard-clipping"}
"""Below or above its threshold a sound goes through these as it is."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory, guitar: tuple[Audio, int]) -> Path:
    """A test split of one stem of every kind: the demo's guitar, 20 s, each at its own speed."""
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "test").mkdir()
    stems = []
    for number, kind in enumerate(KINDS):
        audio = np.tile(guitar[0][0, number * 5_000 :], 20)[: 20 * 48_000]
        path = f"stem_{kind}.flac"
        soundfile.write(folder / "test" / path, audio, 48_000, subtype="PCM_16")
        stems.append(asdict(Stem(path, kind, 20.0, "demo", "CC0", f"{number:064d}")))
    (folder / "test" / "index.json").write_text(json.dumps(stems))
    return folder


@pytest.fixture(scope="module")
def gear(tmp_path_factory: pytest.TempPathFactory, guitar: tuple[Audio, int]) -> Path:
    """Two clips of the demo's guitar through two captures: one distorts, one is a low-pass."""
    folder = tmp_path_factory.mktemp("gear")
    played = []
    for number in range(2):
        dry = np.tile(guitar[0][0, number * 30_000 :], 4)[: 6 * 48_000]
        soundfile.write(folder / f"di-{number}.flac", dry, 48_000)
        through = {
            "amplifier": np.sign(dry) * np.sqrt(np.abs(dry)) / 2,
            "pedal": np.convolve(dry, np.ones(24) / 24)[: len(dry)],
        }
        for capture, wet in through.items():
            names = (f"di-{number}.flac", f"{capture}-{number}.flac")
            soundfile.write(folder / names[1], wet, 48_000)
            stem = f"clip-{number}"
            pair = GearPair(capture, "train", "guitar", stem, 0.0, 6.0, *names, 0.0, "0")
            played.append(asdict(pair))
    (folder / "index.json").write_text(json.dumps(played))
    return folder


class NoEstimator:
    """Stands for the models: always answers the plugin's default setting, half sure."""

    trained = True

    def __init__(self, chain: Chain, models: Path) -> None:
        self.chain = chain
        card = SimpleNamespace(
            sha256=f"{models}",
            encoder_sha256="0" * 64,
        )
        self.predictors = (SimpleNamespace(card=card),)
        self.listener = SimpleNamespace(encoder=SimpleNamespace(card=card))
        self.critic = SimpleNamespace(card=SimpleNamespace(sha256=CRITIC))

    def analyse(self, audio: Audio, rate: float, name: str, repeat_short: bool) -> None:
        return None

    def predict(self, played: None, reference: None, rate: float) -> Answer:
        setting = ChainSetting.start(self.chain)
        return Answer(setting, (0.5,) * len(setting.predicted), (0.0,))


def always_bypass(estimator: NoEstimator, *_: object) -> Answer:
    """Stands for the refinement: leaves the plugin out."""
    answer = estimator.predict(None, None, 0.0)
    dry = answer.setting.without([estimator.chain.id])
    return replace(answer, setting=dry, bypass_probability=(1.0,))


def without_models(patch: pytest.MonkeyPatch) -> None:
    bench._bench.cache_clear()
    patch.setattr("training.evaluation.bench.chain_estimator", NoEstimator)
    patch.setattr("training.evaluation.results.chain_estimator", NoEstimator)
    patch.setattr("training.evaluation.answers.decide", always_bypass)
    patch.setattr("training.evaluation.ceiling.TRIES", 24)


@pytest.fixture(autouse=True)
def no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    without_models(monkeypatch)


@pytest.fixture(scope="module")
def evaluated(
    manifest: Manifest, corpus: Path, gear: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What an evaluation of Overdrive with `SETTINGS` leaves behind."""
    folder = tmp_path_factory.mktemp("evaluated")
    with pytest.MonkeyPatch.context() as patch:
        without_models(patch)
        run(manifest, corpus, folder, gear=gear)
    return folder


def run(
    manifest: Manifest,
    corpus: Path,
    out: Path,
    settings: Settings = SETTINGS,
    models: str = "models",
    gear: Path = Path("nowhere"),
) -> dict[int, Measured]:
    """What is known of Overdrive afterwards, by host rate."""
    chain = Chain.of_plugin(manifest.plugin("mda-overdrive"))
    evaluate(manifest, [chain], settings, corpus, out, Path(models), processes=1, gear=gear)
    return measured_of(chain, out)


def copied(evaluated: Path, out: Path) -> Measured:
    """What is known of Overdrive at 24 kHz; it lies below `out` then, and can be gone on with."""
    shutil.copytree(evaluated, out, dirs_exist_ok=True)
    return measured_of(Chain.of_plugin(MANIFEST.plugin("mda-overdrive")), out)[24_000]


def measured_of(chain: Chain, out: Path) -> dict[int, Measured]:
    measured = by_host_rate([ChainResults.below(out / "evaluation", chain)])
    return {rate: found for rate, (found,) in measured.items()}


def test_an_evaluation_goes_from_corpus_to_tables_and_pictures(
    manifest: Manifest, corpus: Path, evaluated: Path, tmp_path: Path
) -> None:
    found = copied(evaluated, tmp_path)
    slices = found.slices
    assert list(slices) == list(SLICES)
    for name, summary in slices.items():
        means = summary["all"]["means"]
        count = 4 if name == REAL_GEAR else 6
        assert means["do nothing"]["mrstft"]["mean"] > 0.1
        heard = means["do nothing"]["mrstft_gain_matched"]["mean"] > 0.15
        assert heard == (name != "nearly dry")
        assert means["do nothing"]["mrstft"]["n"] == count
        assert means["gain only"]["mrstft_gain_matched"]["mean"] == pytest.approx(
            means["do nothing"]["mrstft_gain_matched"]["mean"], abs=2e-3
        )
        refined = summary["rendered"]["means"]
        assert refined["network"]["mrstft"]["n"] == 3
        assert refined["network + rendering"] == refined["do nothing"]
        gains = summary["rendered"]["relative_gain"]["network + rendering"]
        assert gains["mrstft"]["mean"] == 0.0
        assert summary["rendered"]["harmed"]["network + rendering"]["mean"] == 0.0
        assert summary["foretold"] is None
        assert ("pesq" in means["network"]) == (name == "speech" and HAS_PESQ)
        assert ("best setting" in refined) == (name == REAL_GEAR)
        if name in ("cross-plugin", REAL_GEAR):
            assert summary["counterparts"] == (
                ["pedalboard Distortion"] if name == "cross-plugin" else []
            )
            assert "true parameters" not in {k for k, v in means.items() if v}
            assert "parameters" not in summary
            continue
        assert summary["worst_true_parameters"] == 0.0
        assert summary["modulation"] == {"network": None, "network + rendering": None}
        # The answer is always 0, so its error is the truth.
        truths = [outcome.truth for outcome in found.outcomes[name]]
        drives = [truth.settings[0].values["drive"] for truth in truths if truth]
        drive = summary["parameters"]["network"]["drive"]["answer"]
        assert drive["mean"] == pytest.approx(np.mean(drives), abs=1e-5)
        assert drive["n"] == len(drives)
        assert summary["bypass"]["network + rendering"]["wet_bypassed"]["mean"] == 1.0
    for name in SAME_PLUGIN:
        clips = ClipSource(SETTINGS.clips, corpus, "test", SETTINGS.seed, SLICES[name])
        cases = OwnCases(found.chain, clips)
        for index, outcome in enumerate(found.outcomes[name]):
            case = cases[index]
            assert (outcome.clip, outcome.clean) == (case.clip, case.clean)
            if case.truth and outcome.truth:
                assert outcome.truth.predicted == pytest.approx(case.truth.predicted, rel=1e-3)

    gear_means = slices[REAL_GEAR]["rendered"]["means"]
    assert gear_means["best setting"]["mrstft"]["n"] == 1
    (best, nothing) = (
        found.outcomes[REAL_GEAR][0].score(name, "mrstft_gain_matched")
        for name in ("best setting", "do nothing")
    )
    assert best < 0.9 * nothing
    assert {o.maker for o in found.outcomes[REAL_GEAR]} == {"amplifier", "pedal"}

    numbers = json.loads((tmp_path / "evaluation.json").read_text())["24000"]
    assert numbers["worst_true_parameters"] == {"mda-overdrive": 0.0}
    assert numbers["beats_on_every_slice"]["network"]["mrstft, do nothing"] == []
    text = (tmp_path / "evaluation.md").read_text()
    assert "slices and 1 effects, is 0.0." in text
    score = slices["speech"]["all"]["means"]["network"]["mrstft"]
    harm = slices["speech"]["all"]["harmed"]["network"]
    told = f"{100 * harm['mean']:.0f} % ({100 * harm['low']:.0f} to {100 * harm['high']:.0f})"
    mean = f"{score['mean']:.3f} ± {score['ci95']:.3f} ({score['median']:.3f})"
    assert f"| speech | network | 6 | {told} | {mean} |" in text
    assert "0.640 / 1.138 (+44 %)" in text
    for picture in ("mrstft", "gain"):
        data = (tmp_path / f"evaluation-24khz-{picture}.png").read_bytes()
        assert data.startswith(b"\x89PNG")

    written = {name: (tmp_path / name).read_text() for name in ("evaluation.md", "evaluation.json")}
    for name in written:
        (tmp_path / name).unlink()
    report(manifest, tmp_path)
    assert {name: (tmp_path / name).read_text() for name in written} == written


def test_what_was_measured_is_not_measured_again(
    manifest: Manifest, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = bench.measure
    measured: list[str] = []
    kept: dict[tuple[str, int, int], Outcome | None] = {}

    def counting(job: tuple[Work, int]) -> Outcome | None:
        if job[0].slice == "guitar" and "killed" not in measured:
            measured.append("killed")
            raise KeyboardInterrupt
        measured.append(job[0].slice)
        key = (job[0].slice, job[0].settings.host_rate_hz, job[1])
        if key not in kept:
            kept[key] = measure(job)
        return kept[key]

    monkeypatch.setattr("training.evaluation.run.measure", counting)
    few = replace(SETTINGS, cases=2, rendered_cases=2)
    with pytest.raises(KeyboardInterrupt):
        run(manifest, corpus, tmp_path, few)
    assert measured == ["speech", "speech", "killed"]
    first = run(manifest, corpus, tmp_path, few)
    names = [name for name in SLICES if name != REAL_GEAR]
    assert measured[3:] == [name for name in names if name != "speech" for _ in range(2)]

    measured[:] = ["killed"]
    assert run(manifest, corpus, tmp_path, few)[24_000].slices == first[24_000].slices
    assert measured == ["killed"]

    other_rate = run(manifest, corpus, tmp_path, replace(few, host_rate_hz=48_000))
    assert len(measured) == 15
    assert other_rate[24_000].slices == first[24_000].slices
    worst = [s.get("worst_true_parameters", 0.0) for s in other_rate[48_000].slices.values()]
    assert worst == [0.0] * 7

    run(manifest, corpus, tmp_path, few, models="newer")
    assert len(measured) == 29


def test_a_changed_critic_measures_the_rendered_cases_alone(
    manifest: Manifest,
    corpus: Path,
    evaluated: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = copied(evaluated, tmp_path).slices["guitar"]
    monkeypatch.setattr(
        "training.evaluation.answers.decide",
        lambda estimator, *_: estimator.predict(None, None, 0.0),
    )
    measured: list[int] = []
    measure = bench.measure

    def counting(job: tuple[Work, int]) -> Outcome | None:
        measured.append(job[1])
        return measure(job)

    monkeypatch.setattr("training.evaluation.run.measure", counting)
    monkeypatch.setattr(f"{__name__}.CRITIC", "2" * 64)
    fewer = replace(SETTINGS, rendered_cases=2)
    found = run(manifest, corpus, tmp_path, fewer)[24_000]
    again = found.slices["guitar"]
    assert measured == [0, 1] * 7
    assert again["all"] == first["all"]
    assert again["parameters"]["network"] == first["parameters"]["network"]
    refined = again["rendered"]["means"]
    assert refined["network + rendering"] == refined["network"]
    assert refined["network"]["mrstft"]["n"] == 2
    assert again["bypass"]["network + rendering"]["wet_bypassed"]["mean"] == 0.0
    chain = found.chain
    entry = ChainResults.below(tmp_path / "evaluation", chain).read()[24_000, "guitar"]
    assert entry.identity
    assert entry.identity["rendered_cases"] == 2


def test_a_broken_result_says_what_to_do(manifest: Manifest, corpus: Path, tmp_path: Path) -> None:
    for name, content in {"mda-overdrive.json": b"{}", "mda-overdrive.jsonl.gz": b"no"}.items():
        broken = tmp_path / name / "evaluation" / name
        broken.parent.mkdir(parents=True)
        broken.write_bytes(content)
        with pytest.raises(TrainingError, match="delete it"):
            run(manifest, corpus, tmp_path / name)


def test_results_of_earlier_versions_are_told_until_they_are_measured_again(
    manifest: Manifest, corpus: Path, tmp_path: Path
) -> None:
    old = tmp_path / "evaluation"
    old.mkdir()
    shipped = Path("docs/results/evaluation/mda-overdrive.json")
    (old / shipped.name).write_bytes(shipped.read_bytes())
    report(manifest, tmp_path)
    text = (tmp_path / "evaluation.md").read_text()
    mean = json.loads(shipped.read_text())["results"]["24000"]["guitar"]["all"]["means"]["network"]
    told = f"| guitar | network | 500 |  | {mean['mrstft']['mean']:.3f} ±"
    assert told in text
    assert "### Harmed" not in text

    few = replace(SETTINGS, cases=2, rendered_cases=2)
    found = run(manifest, corpus, tmp_path, few)[24_000]
    assert found.slices["guitar"]["cases"] == 2
    assert "### Harmed" in (tmp_path / "evaluation.md").read_text()


def test_cases_of_other_parameters_are_left_out_and_named(
    manifest: Manifest, evaluated: Path, tmp_path: Path
) -> None:
    copied(evaluated, tmp_path)
    plugin = manifest.plugin("mda-overdrive")
    narrower = plugin.model_copy(update={"parameters": plugin.parameters[:-1]})
    assert measured_of(Chain.of_plugin(narrower), tmp_path) == {}
    changed = manifest.model_copy(update={"plugins": (narrower,), "rigs": ()})
    report(changed, tmp_path)
    assert "mda Overdrive" not in (tmp_path / "evaluation.md").read_text().partition("prior")[0]


def test_a_missing_counterpart_is_reported_and_looked_for_again(
    manifest: Manifest, corpus: Path, gear: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(SETTINGS, cases=2, rendered_cases=2)
    none = load_counterparts().model_copy(update={"counterparts": {}})
    with monkeypatch.context() as patch:
        patch.setattr("training.evaluation.run.load_counterparts", lambda: none)
        missing = run(manifest, corpus, tmp_path, few)[24_000].missing
    assert "no counterpart is listed" in missing["cross-plugin"]
    assert "no captures of real gear in nowhere" in missing[REAL_GEAR]
    text = (tmp_path / "evaluation.md").read_text()
    assert "No slice *cross-plugin*: mda-overdrive" in text
    assert "No slice *real gear*: no captures" in text
    found = run(manifest, corpus, tmp_path, few, gear=gear)[24_000]
    assert found.slices["cross-plugin"]["cases"] == 2
    assert found.slices[REAL_GEAR]["cases"] == 2
    # Where there is no gear, what was measured elsewhere stays.
    assert run(manifest, corpus, tmp_path, few)[24_000].slices[REAL_GEAR]["cases"] == 2


@pytest.mark.parametrize("plugin", trainable(MANIFEST), ids=lambda plugin: plugin.id)
@pytest.mark.parametrize("host_rate", [24_000, 48_000])
def test_true_parameters_give_the_target_to_the_bit(
    plugin: PluginSpec, host_rate: int, corpus: Path
) -> None:
    settings = replace(SETTINGS, host_rate_hz=host_rate)
    clips = ClipSource(settings.clips, corpus, "test", 3, ("guitar", "speech"))
    chain = Chain.of_plugin(plugin)
    cases, effect = OwnCases(chain, clips), load_chain(chain)
    for index in range(4):
        answered = answer_case(
            cases[index],
            effect,
            NoEstimator(chain, Path()),  # type: ignore[arg-type]
            np.random.default_rng(index),
            rendered=False,
        )
        assert np.array_equal(answered.audio[TRUE], cases[index].target)
        alike = np.array_equal(cases[index].target, cases[index].dry)
        assert alike if cases[index].clean else not alike or plugin.id in AT_TIMES_UNHEARD


def test_cross_plugin_cases_repeat_and_come_from_the_other_effect(
    manifest: Manifest, corpus: Path
) -> None:
    clips = ClipSource(SETTINGS.clips, corpus, "test", 3, ("guitar",))
    delay = manifest.plugin("pedalboard-delay")
    distortion = manifest.plugin("pedalboard-distortion")
    counterparts = [Chain.of_plugin(distortion), Chain.of_plugin(delay)]
    cases, again = CrossCases(counterparts, clips), CrossCases(counterparts, clips)
    for index in range(4):
        case = cases[index]
        assert np.array_equal(case.target, again[index].target)
        assert case.truth is None
        assert not case.clean
        assert not np.array_equal(case.target, case.dry)
    # Of the two, the delay alone starts with the dry sound.
    first = slice(0, 200)
    ratio = cases[1].target[0, first] / np.maximum(np.abs(cases[1].dry[0, first]), 1e-9)
    assert np.ptp(np.abs(ratio[np.abs(cases[1].dry[0, first]) > 1e-3])) < 1e-3


def test_nearly_dry_cases_are_wet_and_hardly_heard(
    manifest: Manifest, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = ClipSource(SETTINGS.clips_of("nearly dry"), corpus, "test", 3, ("guitar",))
    for name in ("mda-thruzero", "pedalboard-reverb"):
        cases = NearlyDryCases(Chain.of_plugin(manifest.plugin(name)), clips)
        for index in range(2):
            case = cases[index]
            assert case.truth
            assert not np.array_equal(case.target, case.dry)
            (do_nothing,) = score([case.dry[0]], case.target[0])
            assert 0 < do_nothing[KEYS.index("mrstft_gain_matched")] <= 0.15
    # Nothing that a bit crusher does to 2 bits is nearly dry.
    monkeypatch.setattr("training.evaluation.nearly_dry._MOST_DRAWS", 5)
    crusher = manifest.plugin("pedalboard-bitcrush")
    (depth,) = crusher.parameters
    coarse = depth.model_copy(update={"max": 3.0, "default": 2.0})
    never = NearlyDryCases(
        Chain.of_plugin(crusher.model_copy(update={"parameters": (coarse,)})), clips
    )
    with pytest.raises(NoCaseError, match=r"none leaves stem_guitar\.flac nearly alone"):
        never[0]


def test_short_clips_are_half_as_long(corpus: Path) -> None:
    clip = ClipSource(SETTINGS.clips_of("short"), corpus, "test", 3, ("guitar",))[0]
    assert clip.dry.shape == clip.other.shape == (1, round(SHORT_S * 24_000))


def test_settings_that_silence_are_drawn_again(manifest: Manifest) -> None:
    effect = load_chain(Chain.of_plugin(manifest.plugin("pedalboard-chorus")))
    silence = np.zeros((1, 24_000), np.float32)
    with pytest.raises(TrainingError, match="50 settings in a row leave silence"):
        usable_setting(effect, [silence], 24_000, np.random.default_rng(0))


def test_exported_models_are_measured_in_processes_of_their_own(
    manifest: Manifest, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Untrained networks, but the real models, refinement and processes."""
    monkeypatch.undo()
    monkeypatch.setattr("training.evaluation.run.SLICES", ("guitar", "cross-plugin"))
    monkeypatch.setattr("training.pool._CHUNK", 4)
    plugin = manifest.plugin("mda-overdrive").model_copy(update={"model": "overdrive"})
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "validation").symlink_to(corpus / "test")
    for split in ("train", "test"):
        (tmp_path / "corpus" / split).symlink_to(corpus / "test")
    features = FeatureSettings()
    pool = load_pool([plugin], SETTINGS.clips, features, tmp_path, "validation", 1, 4, processes=1)
    networks = Networks(Encoder(), torch.nn.ModuleDict({plugin.id: Predictor(plugin.predicted)}))
    models = tmp_path / "models"
    models.mkdir()
    export("untrained", networks, [plugin], (24_000,), features, pool, tmp_path / "corpus", models)
    write_critic(models)
    few = replace(SETTINGS, cases=2, rendered_cases=1)
    chain = Chain.of_plugin(plugin)
    evaluate(manifest, [chain], few, tmp_path / "corpus", tmp_path, models, processes=2)
    slices = measured_of(chain, tmp_path)[24_000].slices
    assert list(slices) == ["guitar", "cross-plugin"]
    assert slices["guitar"]["worst_true_parameters"] == 0.0
    for summary in slices.values():
        assert summary["rendered"]["means"]["network + rendering"]["mrstft"]["mean"] > 0
        assert summary["seconds"]["network + rendering"] > summary["seconds"]["network"]


def test_a_rig_is_searched_for_within_its_budget(
    manifest: Manifest,
    corpus: Path,
    gear: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The real search on the shipped encoder, which knows no rig."""
    monkeypatch.undo()
    monkeypatch.setattr("training.evaluation.run.SLICES", ("guitar", "cross-plugin", REAL_GEAR))
    monkeypatch.setattr("training.evaluation.ceiling.TRIES_OF_RIGS", 20)
    rig = chain_of("guitar-amp", manifest)
    few = replace(SETTINGS, cases=5, rendered_cases=2, budget_s=1.0)
    evaluate(manifest, [rig], few, corpus, tmp_path, processes=1, gear=gear)
    found = measured_of(rig, tmp_path)[24_000]
    assert list(found.slices) == ["guitar", "cross-plugin", REAL_GEAR]
    for summary in found.slices.values():
        assert summary["cases"] == 2
        assert "network" not in summary["all"]["means"]
        assert summary["rendered"]["means"]["network + rendering"]["mrstft"]["n"] == 2
        assert summary["rendered"]["harmed"]["network + rendering"]["n"] == 2
        assert summary["seconds"]["network + rendering"] < 4
    assert found.slices["guitar"]["worst_true_parameters"] == 0.0
    assert found.slices["cross-plugin"]["counterparts"] == ["mda Amplifier"]
    assert "best setting" in found.slices[REAL_GEAR]["rendered"]["means"]
    assert "Guitar Amplifier" in (tmp_path / "evaluation.md").read_text()
