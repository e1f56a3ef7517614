"""What the tests of training share: a small real corpus."""

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
    split = Split("train", music, speech=None)
    folder = tmp_path_factory.mktemp("data")
    for _ in range(2):
        corpus.build_split(split, folder / "corpus" / "train", processes=2)
    for other in ("validation", "test"):
        (folder / "corpus" / other).symlink_to(folder / "corpus" / "train")
    return folder
