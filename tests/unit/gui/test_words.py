import pytest

from gui.views.words import sentence


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("choose a plugin first", "Choose a plugin first"),
        ("screenshots.py: cannot be read", "screenshots.py: cannot be read"),
        ("take: cannot be read", "take: cannot be read"),
        ("/a/b.wav: is no sound", "/a/b.wav: is no sound"),
        ("mda-overdrive: model is missing", "mda-overdrive: model is missing"),
        ("127.0.0.1 does not answer", "127.0.0.1 does not answer"),
        ("no Ardour answers", "No Ardour answers"),
        ("mda Delay has no parameter 'x'", "mda Delay has no parameter 'x'"),
        ("", ""),
    ],
)
def test_a_sentence_has_a_capital_and_a_name_keeps_its_own(words: str, said: str) -> None:
    assert sentence(words, ["mda Delay"]) == said
