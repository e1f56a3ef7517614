from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.audio.files import read_audio, require_sound, write_audio
from bridge.audio.sinks import FileSink
from bridge.errors import AudioError

TONE = np.sin(np.arange(48_000) / 20).astype(np.float32)[None]


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
