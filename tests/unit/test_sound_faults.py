"""`match` on sound and files that are not as they should be: what it says, and what stays."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from bridge.arrays import Audio
from bridge.audio.files import read_audio
from bridge.cli.app import app
from bridge.errors import AudioError
from bridge.library import Library
from bridge.manifest import PluginSpec
from tests.stand_ins import write_models

PRECIOUS = "precious"


@dataclass(frozen=True)
class Case:
    """Two recordings that are well, and `match` by stand-in models."""

    x: Audio
    """Four seconds of guitar, (frames,)."""
    r: Audio
    rate: int
    folder: Path
    write: Callable[..., Path]

    def match(self, source: Path, reference: Path, out: Path, *more: str) -> Result:
        arguments = [str(source), str(reference), "--plugin", "mda-overdrive", "--out", str(out)]
        return CliRunner().invoke(app, ["match", *arguments, "--budget-s", "0", "--json", *more])

    def of(self, x: Audio, r: Audio, name: str = "out.wav", *more: str) -> Result:
        x, r = (np.atleast_2d(audio).astype(np.float32) for audio in (x, r))
        source, reference = self.write("x.wav", x, self.rate), self.write("r.wav", r, self.rate)
        return self.match(source, reference, self.folder / name, *more)


@pytest.fixture
def case(
    guitar: tuple[Audio, int],
    overdrive: PluginSpec,
    write_wav: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Case:
    audio, rate = guitar
    logit = getattr(request, "param", -9.0)
    models = write_models(tmp_path / "models", overdrive, logit)
    monkeypatch.setattr("bridge.cli.match.open_library", lambda: Library.of_models(models))
    x, r = audio[0, : 4 * rate], audio[0, 4 * rate : 13 * rate]
    return Case(x, np.tanh(3 * r) * np.float32(0.5), rate, tmp_path, write_wav)


def told(done: Result, output: bool = False) -> list[str]:
    """What is said of input and reference, or of the output."""
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert [line for line in done.stderr.splitlines() if line.startswith("WARNING: ")] == [
        f"WARNING: {line}" for line in answer["advice"]
    ]
    lines = [line.split(": ", 1) for line in answer["advice"]]
    return [words for path, words in lines if (Path(path).stem == "out") == output]


def parameters(done: Result) -> list[dict[str, object]]:
    assert done.exit_code == 0, done.output
    found: list[dict[str, object]] = json.loads(done.stdout)["parameters"]
    return found


def test_what_is_well_is_not_spoken_of(case: Case) -> None:
    assert told(case.of(np.stack([case.x, 0.5 * case.x]), case.r)) == []


@pytest.mark.parametrize(
    ("gains", "says"),
    [
        ((1, 0), "Channel 2 is silent; only channel 1 is listened to."),
        ((0, 1), "Channel 1 is silent; only channel 2 is listened to."),
        ((1, -1), "Its channels cancel each other"),
        ((1, -0.97), "Its channels cancel each other, as if channel 2 were inverted"),
        ((0.02, 1, -0.6), "Its channels cancel each other, as if channel 3 were inverted"),
    ],
)
def test_channels_that_do_not_count_do_not_change_the_answer(
    case: Case, gains: tuple[float, ...], says: str
) -> None:
    """Neither in the input nor in the reference."""
    alone = case.of(case.x, case.r)
    for x, r in (
        (np.outer(gains, case.x), case.r),
        (case.x, np.outer(gains, case.r)),
    ):
        if len(gains) == 3:
            # The first is neither silent nor inverted, so it has a small part in the mean.
            x, r = (audio[1:] if len(audio) == 3 else audio for audio in (x, r))
            says = says.replace("channel 3", "channel 2")
        done = case.of(x, r)
        assert any(line.startswith(says) for line in told(done))
        assert parameters(done) == parameters(alone)
        distances = [json.loads(one.stdout)["distance"]["before"] for one in (done, alone)]
        assert distances[0] == pytest.approx(distances[1], abs=1e-3)


def test_a_clipped_recording_is_told_of_input_and_reference(case: Case) -> None:
    clipped = "It is clipped; that will be taken for distortion."
    assert told(case.of(np.clip(20 * case.x, -1, 1), case.r)) == [clipped]
    assert told(case.of(case.x, np.clip(20 * case.r, -1, 1)))[0] == clipped


@pytest.mark.parametrize("case", [9.0], indirect=True)
@pytest.mark.parametrize(
    ("name", "says"), [("out.wav", "which players cut off"), ("out.flac", "and was cut off")]
)
def test_an_output_above_full_scale_is_told(case: Case, name: str, says: str) -> None:
    """The answer is to leave the plugin out, so what comes out is what goes in."""
    loud = case.x * (2 / np.abs(case.x).max())
    (above,) = told(case.of(loud, case.r, name), output=True)
    assert above.startswith("Its peak is 6.0 dB above full scale")
    assert says in above


@pytest.mark.parametrize(
    ("name", "more", "found"),
    [
        ("o.wav", [], ("WAV", "PCM_16")),
        ("o.flac", [], ("FLAC", "PCM_16")),
        ("o.aiff", [], ("AIFF", "PCM_16")),
        ("o.ogg", [], ("OGG", "VORBIS")),
        ("o.mp3", [], ("MP3", "MPEG_LAYER_III")),
        ("o.wav", ["--bit-depth", "float"], ("WAV", "FLOAT")),
        ("o.flac", ["--bit-depth", "24"], ("FLAC", "PCM_24")),
    ],
)
def test_out_has_the_format_of_its_name_and_the_depth_of_the_input(
    case: Case, name: str, more: list[str], found: tuple[str, str]
) -> None:
    source = case.folder / "x.flac"
    soundfile.write(source, case.x, case.rate, subtype="PCM_16")
    reference, out = case.write("r.wav", case.r[None], case.rate), case.folder / name
    assert case.match(source, reference, out, *more).exit_code == 0
    written = soundfile.info(out)
    assert (written.format, written.subtype) == found
    assert read_audio(out)[0].shape[1] == pytest.approx(len(case.x), abs=3_000)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("o.m4a", "name a WAV, FLAC, AIFF, OGG or MP3"),
        ("no/o.wav", "cannot be written (its folder is missing)"),
        ("kept.wav", "cannot be written (it is write-protected)"),
    ],
)
def test_a_target_that_cannot_be_written_is_refused_before_the_search(
    case: Case, name: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.search.matching.warm_up", lambda _: pytest.fail("it went on"))
    kept = case.folder / "kept.wav"
    kept.write_text(PRECIOUS)
    kept.chmod(0o444)
    done = case.of(case.x, case.r, name)
    assert done.exit_code == AudioError.exit_code
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert says in done.stderr
    assert kept.read_text() == PRECIOUS
    assert not list(case.folder.glob(".*"))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda x: np.where(np.arange(len(x)) == 99, 1e25, x), "holds samples beyond +120 dBFS"),
        (lambda x: x * (10 ** (-50 / 20) / np.abs(x).max()), "is too quiet, -"),
        (lambda x: x * (10 ** (-80 / 20) / np.abs(x).max()), "its peak is -80 dBFS"),
    ],
)
def test_a_recording_that_cannot_be_used_is_refused_before_the_search(
    case: Case,
    change: Callable[[Audio], Audio],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = case.of(case.x, change(case.r))
    assert done.exit_code == AudioError.exit_code
    assert says in done.stderr
    monkeypatch.setattr("bridge.search.matching.warm_up", lambda _: pytest.fail("it went on"))
    done = case.of(change(case.x), case.r)
    assert done.exit_code == AudioError.exit_code
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (case.folder / "out.wav").exists()


def test_of_a_file_that_breaks_off_it_is_told_how_much_was_read(case: Case) -> None:
    source = case.write("x.wav", np.tile(case.x, 2)[None], case.rate)
    content = source.read_bytes()
    source.write_bytes(content[: len(content) // 2])
    out = case.folder / "out.wav"
    done = case.match(source, case.write("r.wav", case.r[None], case.rate), out)
    assert told(done) == ["It is cut short: 4.0 of 8.0 s could be read."]
    assert read_audio(out)[0].shape[1] == pytest.approx(len(case.x), abs=100)


def test_a_long_file_is_written_as_at_once(
    case: Case, overdrive: PluginSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what is analysed there are only pieces; what is written is all of it."""
    from bridge.chain import Chain, ChainSetting
    from bridge.effects import load_chain

    long = np.tile(np.stack([case.x, 0.7 * np.roll(case.x, 99)]), (1, 6)).astype(np.float32)
    monkeypatch.setattr("bridge.search.offline.MOST_WINDOWS", 2)
    done = case.of(long, case.r)
    values = {str(row["address"]): row["value"] for row in parameters(done)}
    chain = Chain.of_plugin(overdrive)
    setting = ChainSetting.of_values(chain, values)  # type: ignore[arg-type]
    written, _ = read_audio(case.folder / "out.wav")
    expected = load_chain(chain).render(long, case.rate, setting)
    # The report rounds its values.
    assert np.abs(written - expected).max() < 1e-3
