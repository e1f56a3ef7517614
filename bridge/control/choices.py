"""What was chosen, and what is used in fact: a choice that fails leaves what was there before."""

from bridge.control.nodes import CHOICES, Value
from bridge.control.surface import Surface

_MORE = {"source": ("/source/channels",), "reference": ("/reference/region",)}
"""What belongs to a choice, besides the address with its name."""


class Choices:
    """Source, reference, chain and host, as the surface has them."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._asked: dict[str, dict[str, Value]] = {}
        self._used: dict[str, dict[str, Value]] = {}

    def ask(self, name: str) -> None:
        """What the surface has now is wanted."""
        addresses = (f"/{name}", *_MORE.get(name, ()))
        self._asked[name] = {a: self._surface.values[a] for a in addresses}

    def take(self, name: str) -> None:
        """What was asked for last is used."""
        self._used[name] = self._asked.get(name, {})

    def used(self, name: str) -> str:
        """What is used, or was last; empty where nothing was yet."""
        value = self._used.get(name, {}).get(f"/{name}", ("",))
        return str(value[0])

    def go_back(self, name: str) -> None:
        """What is used is what the surface has."""
        for address, value in self._used.get(name, {}).items():
            self._surface.tell(address, *value)
        self._asked[name] = self._used.get(name, {})

    def tell(self, faults: dict[str, str]) -> None:
        """Say of each why it is not what was chosen, and what is used instead."""
        for name in CHOICES:
            self._surface.tell(f"/{name}/fault", faults.get(name, ""))
            self._surface.tell(f"/{name}/used", self.used(name))
