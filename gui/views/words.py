"""Sentences as a person reads them."""

from collections.abc import Iterable


def capital(words: str) -> str:
    """With a capital."""
    return words[:1].upper() + words[1:]


def sentence(words: str, names: Iterable[str] = ()) -> str:
    """With a capital, unless it begins with one of these names, or with what has more than
    letters: a file, an address or an id."""
    first = words.partition(" ")[0]
    named = any(name and words.startswith(name) for name in names)
    return capital(words) if first.isalpha() and not named else words
