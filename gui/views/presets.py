"""A preset: the wanted sound and how to get there, by itself, to keep or to share.

What belongs to the room stays out of it: input, channels and host. The reference travels inside, so
that no path of this computer does.
"""

from dataclasses import dataclass

from bridge.chain import Chain, ChainSetting
from bridge.control.nodes import NODES, PARAMETER, Value, chain_nodes, node_address
from bridge.manifest import BYPASS
from gui.views.parameters import address
from gui.views.values import Values, is_on, number

_ROOM = frozenset(("/source", "/source/channels", "/host", "/chain", "/output", "/output/level"))
"""What no preset sets as one of its values; the chain is set before all of them."""
REFERENCE = ("/reference", "/reference/region")
"""What is told by a path; the recording goes in its place."""
_SNAPSHOTS = ("/snapshots", "/snapshots/named")
_LONGEST_NAME = 60


@dataclass(frozen=True)
class Carried:
    """A recording inside a preset."""

    name: str
    """Of the file it was, without its folder."""
    flac: bytes


@dataclass(frozen=True)
class Preset:
    """Everything it sets, by address."""

    nodes: dict[str, Value]
    """Values of the control surface, the chain's own ones among them."""
    setting: ChainSetting
    name: str = ""
    tags: tuple[str, ...] = ()
    reference: Carried | None = None

    @property
    def chain(self) -> Chain:
        """What it drives."""
        return self.setting.chain

    @property
    def general(self) -> tuple[tuple[str, Value], ...]:
        """What can be set at once."""
        return tuple(
            (where, value) for where, value in self.nodes.items() if not _is_of_chain(where)
        )

    @property
    def of_chain(self) -> tuple[tuple[str, Value], ...]:
        """What can be set once the engine has taken the chain."""
        own = [(where, value) for where, value in self.nodes.items() if _is_of_chain(where)]
        values = [(address(p), (self.setting.values[p.address],)) for p in self.chain.parameters]
        switches = [
            (node_address(slot.address(BYPASS)), (int(slot.id in self.setting.bypassed),))
            for slot in self.chain.slots
        ]
        return (*own, *values, *switches)


def setting_now(chain: Chain, values: Values) -> ChainSetting:
    """The host's values."""
    told = [p for p in chain.parameters if address(p) in values]
    real = {p.address: number(values, address(p)) for p in told}
    bypassed = [s.id for s in chain.slots if is_on(values, node_address(s.address(BYPASS)))]
    return ChainSetting.of_values(chain, real).without(bypassed)


def preset_of(
    chain: Chain,
    values: Values,
    name: str = "",
    tags: tuple[str, ...] = (),
    reference: Carried | None = None,
) -> Preset:
    """What is set now, with this recording as its reference."""
    nodes = {where: values[where] for where in kept_nodes(chain) if where in values}
    return Preset(nodes, setting_now(chain, values), name, tags, reference)


def file_name(chain: Chain) -> str:
    """What a file of this chain is called by itself."""
    return "+".join(dict.fromkeys(chain.id.replace("/", "-").split(",")))[:_LONGEST_NAME]


def tags_of(words: str) -> tuple[str, ...]:
    """What is typed with commas between."""
    return tuple(dict.fromkeys(filter(None, (tag.strip() for tag in words.split(",")))))


def kept_nodes(chain: Chain) -> list[str]:
    """What a preset holds, the chain itself apart; in the table's order."""
    nodes = [node.address for node in (*NODES, *chain_nodes(chain)) if node.kept]
    return [a for a in (*nodes, *_SNAPSHOTS) if a not in _ROOM and a not in REFERENCE]


def _is_of_chain(where: str) -> bool:
    return where.startswith(f"{PARAMETER}/") or where in _SNAPSHOTS
