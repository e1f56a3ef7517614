import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.arrays import Audio
from bridge.audio.files import read_audio, require_sound
from bridge.audio.formats import BitDepth, format_of
from bridge.audio.reading import AudioReader
from bridge.audio.sinks import FileSink
from bridge.errors import AudioError

TONE = np.sin(np.arange(48_000) / 20).astype(np.float32)[None]


def write_audio(path: Path, audio: Audio, rate: int) -> FileSink:
    with FileSink(path, rate, len(audio)) as sink:
        sink.write(audio)
        sink.finish()
    return sink


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
def test_what_is_written_is_read_back(tmp_path: Path, channels: int, rate: int) -> None:
    audio = np.repeat(TONE * 3, channels, axis=0)
    write_audio(tmp_path / "a.wav", audio, rate)
    again, its_rate = read_audio(tmp_path / "a.wav")
    assert np.array_equal(again, audio)
    assert its_rate == rate


def test_writing_into_nowhere_is_an_audio_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="cannot be written"):
        write_audio(tmp_path / "no" / "a.wav", TONE, 48_000)
    with pytest.raises(AudioError, match="cannot be written"):
        FileSink(tmp_path / "no" / "a.wav", 48_000, 1)
    assert not list(tmp_path.iterdir())


def test_a_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a.wav").mkdir()
    with pytest.raises(AudioError):
        write_audio(tmp_path / "a.wav", TONE, 48_000)
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_every_unusable_file_is_one_clear_line(
    tmp_path: Path, write_wav: Callable[..., Path]
) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF\x10\0\0\0WAVEfmt nonsense")
    empty_file = tmp_path / "empty.wav"
    empty_file.touch()
    nan = TONE.copy()
    nan[0, 100] = np.nan
    cases = {
        tmp_path / "missing.wav": "no such file",
        tmp_path: "is not a file",
        broken: "cannot be read as audio",
        empty_file: "cannot be read as audio",
        write_wav("none.wav", TONE[:, :0]): "holds no audio",
        write_wav("nan.wav", nan): "NaN",
        write_wav("inf.wav", TONE + np.float32(np.inf)): "infinite",
        write_wav("huge.wav", TONE * np.float32(1e25)): "beyond \\+120 dBFS",
    }
    for path, says in cases.items():
        with pytest.raises(AudioError, match=says) as caught:
            read_audio(path)
        assert str(caught.value).startswith(str(path))
        assert "\n" not in str(caught.value)


def test_silence_is_refused_where_sound_is_needed() -> None:
    require_sound(TONE * 0.01, Path("x"))
    with pytest.raises(AudioError, match="x: is silent"):
        require_sound(TONE * 1e-5, Path("x"))
    quiet = "x: is too quiet, its peak is -80 dBFS; turn it up by at least 10 dB, better by 68 dB"
    with pytest.raises(AudioError, match=quiet):
        require_sound(TONE * 1e-4, Path("x"))


def test_a_file_sink_takes_its_name_when_it_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    sink = FileSink(path, 48_000, 1)
    sink.write(TONE[:, :1_000])
    sink.write(TONE[:, 1_000:])
    assert not path.exists()
    sink.finish()
    sink.close()
    audio, rate = soundfile.read(path, dtype="float32")
    assert np.array_equal(audio, TONE[0])
    assert rate == 48_000
    assert [p.name for p in tmp_path.iterdir()] == ["out.wav"]


def test_an_unfinished_file_sink_leaves_everything_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    path.write_text("precious")
    with FileSink(path, 48_000, 1) as sink:
        sink.write(TONE)
    assert path.read_text() == "precious"
    assert [p.name for p in tmp_path.iterdir()] == ["out.wav"]


@pytest.mark.parametrize("name", [".", "..", "folder", "/dev/null"])
def test_only_a_regular_file_is_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(AudioError, match="is not a file"):
        FileSink(tmp_path / name, 48_000, 1)


@pytest.mark.parametrize(
    ("name", "like", "container", "subtype"),
    [
        ("a.wav", "PCM_U8", "WAV", "PCM_U8"),
        ("a.WAV", "PCM_16", "WAV", "PCM_16"),
        ("a", "PCM_24", "WAV", "PCM_24"),
        ("a.wav", "DOUBLE", "WAV", "DOUBLE"),
        ("a.wav", "VORBIS", "WAV", "FLOAT"),
        ("a.wav", "", "WAV", "FLOAT"),
        ("a.flac", "PCM_16", "FLAC", "PCM_16"),
        ("a.flac", "PCM_U8", "FLAC", "PCM_S8"),
        ("a.flac", "FLOAT", "FLAC", "PCM_24"),
        ("a.aif", "PCM_32", "AIFF", "PCM_32"),
        ("a.aiff", "FLOAT", "AIFF", "FLOAT"),
        ("a.ogg", "PCM_16", "OGG", "VORBIS"),
        ("a.mp3", "PCM_24", "MP3", "MPEG_LAYER_III"),
    ],
)
def test_the_name_tells_the_format_and_the_input_its_depth(
    tmp_path: Path, name: str, like: str, container: str, subtype: str
) -> None:
    kind = format_of(tmp_path / name, BitDepth.AS_INPUT, like)
    assert (kind.container, kind.subtype) == (container, subtype)
    with FileSink(tmp_path / name, 44_100, 2, kind, TONE.shape[1]) as sink:
        sink.write(np.repeat(TONE * 0.5, 2, axis=0))
        sink.finish()
    found = soundfile.info(tmp_path / name)
    assert (found.format, found.subtype, found.channels) == (container, subtype, 2)
    audio, _ = read_audio(tmp_path / name)
    assert audio.shape[1] == pytest.approx(TONE.shape[1], abs=3_000)
    assert np.abs(audio).max() == pytest.approx(0.5, abs=0.05)


def test_a_depth_that_is_asked_for_is_written(tmp_path: Path) -> None:
    asked = {BitDepth.INT16: "PCM_16", BitDepth.INT24: "PCM_24", BitDepth.FLOAT: "FLOAT"}
    for depth, subtype in asked.items():
        assert format_of(tmp_path / "a.wav", depth, "PCM_32").subtype == subtype
    with pytest.raises(AudioError, match="OGG has no bit depth"):
        format_of(tmp_path / "a.ogg", BitDepth.INT16)


@pytest.mark.parametrize("name", ["a.m4a", "a.wma", "a.txt", "a.b"])
def test_a_format_that_cannot_be_written_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AudioError, match=r"name a WAV, FLAC, AIFF, OGG or MP3") as caught:
        FileSink(tmp_path / name, 48_000, 1)
    assert "\n" not in str(caught.value)


def test_what_a_format_cannot_hold_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="cannot be written"):
        FileSink(tmp_path / "a.mp3", 192_000, 1)
    with pytest.raises(AudioError, match="an AIFF holds 4 GiB"):
        FileSink(tmp_path / "a.aiff", 48_000, 2, frames=2**30)
    assert not list(tmp_path.iterdir())


def test_a_write_protected_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_text("precious")
    path.chmod(0o444)
    with pytest.raises(AudioError, match="cannot be written \\(it is write-protected"):
        write_audio(path, TONE, 48_000)
    assert path.read_text() == "precious"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="cannot be written \\(its folder is missing"):
        FileSink(tmp_path / "no" / "a.wav", 48_000, 1)


def test_levels_above_full_scale_are_told(tmp_path: Path) -> None:
    assert write_audio(tmp_path / "a.wav", TONE, 48_000).advice == []
    (told,) = write_audio(tmp_path / "a.wav", TONE * 2, 48_000).advice
    assert told.startswith("Its peak is 6.0 dB above full scale, which players cut off")
    (told,) = write_audio(tmp_path / "a.flac", TONE * 2, 48_000).advice
    assert told.startswith("Its peak is 6.0 dB above full scale and was cut off")
    assert np.abs(read_audio(tmp_path / "a.flac")[0]).max() <= 1


def test_a_recording_of_unknown_length_may_become_larger_than_a_wav(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below 4 GiB it is a WAV with room for the sizes of an RF64; a known length needs none."""
    write_audio(tmp_path / "unknown.wav", TONE, 48_000)
    unknown = (tmp_path / "unknown.wav").read_bytes()
    assert (unknown[:4], unknown[12:16]) == (b"RIFF", b"JUNK")
    assert soundfile.info(tmp_path / "unknown.wav").subtype == "FLOAT"
    with FileSink(tmp_path / "known.wav", 48_000, 1, frames=TONE.shape[1]) as sink:
        sink.finish()
    assert (tmp_path / "known.wav").read_bytes()[12:16] == b"fmt "
    opened: list[str] = []
    real = soundfile.SoundFile

    def watch(*arguments: object, **options: object) -> object:
        opened.append(str(options["format"]))
        return real(*arguments, **options)

    monkeypatch.setattr("bridge.audio.sinks.soundfile.SoundFile", watch)
    with FileSink(tmp_path / "long.wav", 48_000, 2, frames=2**30):
        pass
    assert opened == ["RF64"]


def test_a_full_aiff_keeps_what_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.audio.sinks.MOST_BYTES", 4 * TONE.shape[1])
    with FileSink(tmp_path / "a.aiff", 48_000, 1) as sink:
        sink.write(TONE)
        with pytest.raises(AudioError, match="an AIFF holds 4 GiB"):
            sink.write(TONE)
    assert np.array_equal(read_audio(tmp_path / "a.aiff")[0], TONE)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a.wav", r"It is cut short: 1\.6 of 4\.0 s could be read"),
        ("a.aiff", r"It is cut short: 1\.6 of 4\.0 s could be read"),
        ("a.flac", r"It is cut short: 1\.[0-9] of 4\.0 s could be read"),
        ("a.mp3", r"It is cut short: 1\.[0-9] of 4\.0 s could be read"),
        ("a.ogg", r"It is cut short: 1\.[0-9] s could be read"),
    ],
)
def test_a_file_that_breaks_off_is_read_as_far_as_it_goes_and_told(
    tmp_path: Path, name: str, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    draw = np.random.default_rng(0)
    whole, path = tmp_path / name, tmp_path / f"cut-{name}"
    audio = draw.standard_normal((4 * 48_000, 2)) * 0.1
    soundfile.write(whole, audio, 48_000)
    content = whole.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 5])
    for file, told in ((whole, ""), (path, says)):
        caplog.clear()
        found, _ = read_audio(file)
        assert (found.shape[1] < 2 * 48_000) == bool(told)
        assert re.search(told, caplog.text)
        assert bool(caplog.text) == bool(told)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF - 36])
def test_a_wav_of_a_stream_is_not_cut_short(tmp_path: Path, size: int) -> None:
    path = tmp_path / "stream.wav"
    soundfile.write(path, TONE.T, 48_000, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    assert content[36:40] == b"data"
    content[40:44] = size.to_bytes(4, "little")
    path.write_bytes(content)
    with AudioReader(path) as file:
        assert file.rest().shape == TONE.shape
        assert file.advice == []


@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.flac", "a.ogg", "a.mp3"])
def test_blocks_are_the_same_bits_as_the_whole(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    soundfile.write(path, np.repeat(TONE.T * 0.5, 2, axis=1), 44_100)
    whole, _ = soundfile.read(path, dtype="float32", always_2d=True)
    for frames in (1_000, 1 << 14):
        monkeypatch.setattr("bridge.audio.reading.BLOCK_FRAMES", frames)
        with AudioReader(path) as file:
            assert np.array_equal(file.rest(), whole.T)
            assert file.advice == []
