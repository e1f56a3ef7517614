"""What many tests here share: a small real corpus, and a JACK server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from training import corpus
from training.corpus import MusicSource, Split

FONT = "/usr/share/sounds/sf2/TimGM6mb.sf2"


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a corpus of four songs on the smallest soundfont, the same in all splits.

    It is built twice, so the second time finds it there.
    """
    music = MusicSource(FONT, FONT, "timgm6mb-soundfont", "GPL-2", 11, 4)
    split = Split("train", (music,), speech=None)
    folder = tmp_path_factory.mktemp("data")
    for _ in range(2):
        corpus.build_split(split, folder / "corpus" / "train", processes=2)
    for other in ("validation", "test"):
        (folder / "corpus" / other).symlink_to(folder / "corpus" / "train")
    return folder


@pytest.fixture(scope="module")
def jack() -> Iterator[None]:
    """A JACK server of its own; tests with it run one module at a time (xdist group `jack`)."""
    # Other tests run where JACK's library is not installed.
    from tests.rigs.jack import jack_server

    with jack_server():
        yield
