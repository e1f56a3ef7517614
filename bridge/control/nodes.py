"""The control surface as one table: every address, what it takes and tells.

What is accepted, what a query answers, the OSCQuery tree and `docs/control-surface.md` derive from
here. Numbers are the manifest's real values in their units unless an address says otherwise;
switches are the integers 0 and 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

from bridge.chain import Chain, Slot
from bridge.drive.settings import LiveSettings
from bridge.estimate.closeness import Verdict
from bridge.hosts.embedded import CHOICES as HEARD
from bridge.hosts.embedded import MATCHED
from bridge.manifest import BYPASS, ParamSpec
from bridge.osc import Argument

Value = tuple[Argument, ...]
"""What a node holds: the arguments of the message that tells it."""
PARAMETER, SLOT = "/parameter", "/slot"
SNAPSHOTS = ("A", "B", "C", "D")
LONGEST_S = 3600.0
CHOICES = ("source", "reference", "chain", "host")
"""What a player chooses before playing; each has an address of its name."""
UNKNOWN = -1.0
"""In the place of a distance."""


class Access(IntEnum):
    """What may be done with a node, as OSCQuery counts it."""

    READ = 1
    WRITE = 2
    BOTH = 3


class Leaf(StrEnum):
    """What a node tells of a parameter, or of a slot."""

    VALUE = ""
    NORMALISED = "normalised"
    BY = "by"
    YOURS = "yours"
    LOCK = "lock"
    PREDICTED = "predicted"
    CONFIDENCE = "confidence"
    SMOOTHING = "smoothing"
    ATTACK = "attack"
    SLEW = "slew"


@dataclass(frozen=True)
class Node:
    """One address."""

    address: str
    types: str
    """OSC type tags of its value: of `i f s`; empty for a command without arguments. A last `*`
    repeats the tag before it any number of times."""
    description: str
    access: Access = Access.READ
    limits: tuple[float, float] | None = None
    """The range of its numbers; what is set outside of it is clamped."""
    unit: str = ""
    choices: tuple[str, ...] = ()
    """The only strings it takes, where there are such."""
    default: Value = ()
    """What it is before anybody sets or tells it."""
    kept: bool = False
    """Whether it is remembered from one start to the next."""
    of: str = ""
    """What in the chain it belongs to: an address SLOT/SYMBOL, or a slot's id; else empty."""
    leaf: Leaf = Leaf.VALUE
    """What it tells of that."""


def _setting(
    address: str,
    default: Argument,
    description: str,
    limits: tuple[float, float] | None = None,
    unit: str = "",
) -> Node:
    """A value the player sets, kept from one start to the next."""
    tag = {int: "i", float: "f", str: "s"}[type(default)]
    return Node(address, tag, description, Access.BOTH, limits, unit, default=(default,), kept=True)


def _switch(address: str, default: bool, description: str, kept: bool = False) -> Node:
    return Node(
        address, "i", description, Access.BOTH, _SWITCHED, default=(int(default),), kept=kept
    )


def _command(
    address: str,
    description: str,
    types: str = "",
    limits: tuple[float, float] | None = None,
    unit: str = "",
    choices: tuple[str, ...] = (),
) -> Node:
    return Node(address, types, description, Access.WRITE, limits, unit, choices)


_SHARE = (0.0, 1.0)
_SWITCHED = (0, 1)
_TIME = (0.0, 60.0)
_FIRST = LiveSettings()
NODES: tuple[Node, ...] = (
    _setting("/source", "", "what is listened to: a device by name or index, jack, or a file"),
    _setting(
        "/source/channels", "", "which of its channels, such as 1 or 1,2; empty: the first two"
    ),
    _setting("/reference", "", "the recording with the wanted sound: a file"),
    Node(
        "/reference/region",
        "ff",
        "from where to where the reference counts; 0 0 is all of it",
        Access.BOTH,
        (0.0, LONGEST_S),
        "s",
        default=(0.0, 0.0),
        kept=True,
    ),
    _setting("/chain", "", "what is driven: a plugin, a rig, or several with commas between them"),
    Node("/slots", "s", "its plugins in order: JSON, a list of id, plugin, name, kind, …"),
    _setting("/host", "", "URL of the effect host; embedded starts one of the engine's own"),
    *(
        Node(f"/{name}/{leaf}", "s", told, default=("",))
        for name in CHOICES
        for leaf, told in (
            ("fault", f"why the /{name} that was chosen is not used; empty where it is"),
            ("used", f"the /{name} that is used in fact, or was last"),
        )
    ),
    _command(
        "/back", "take up again what is used, after a choice that failed", "s", None, "", CHOICES
    ),
    _switch("/follow", False, "1 turns the host's knobs continuously"),
    _switch("/freeze", False, "1 holds every knob where it is"),
    _setting(
        "/amount", _FIRST.amount, "0 keeps the host's own values, 1 takes the prediction", _SHARE
    ),
    _setting(
        "/averaging",
        _FIRST.averaging_s,
        "how long playing is remembered beyond the window",
        _TIME,
        "s",
    ),
    _setting(
        "/smoothing", _FIRST.glide.release_s, "time constant of falling parameters", _TIME, "s"
    ),
    _setting("/attack", _FIRST.glide.attack_s, "time constant of rising parameters", _TIME, "s"),
    _setting(
        "/slew",
        _FIRST.glide.slew_s,
        "the least time for a parameter's whole range; 0 is no limit",
        _TIME,
        "s",
    ),
    _switch("/rendering", True, "1 tries settings in a process in the background", kept=True),
    _switch("/bypass", False, "1 leaves every plugin out"),
    _command(
        "/match", "go to the best answer once, and stay there; waits for what is being prepared"
    ),
    Node(
        "/match/running",
        "i",
        "1 from /match until the knobs have come to rest, also while what it needs is made ready",
        limits=_SWITCHED,
        default=(0,),
    ),
    _command("/arm", "let the model turn these parameters or slots again, or all of them", "s*"),
    _command("/revert", "give the host its values from before back, and leave them until /arm"),
    _command("/panic", "stop whatever is going on, silence the embedded host, and /revert"),
    _command("/learn", "take so much of the input as the reference", "f", (1.0, 60.0), "s"),
    _command("/snapshot/store", "keep the host's values under this name", "s", choices=SNAPSHOTS),
    _command("/snapshot/recall", "give the host these values", "s", choices=SNAPSHOTS),
    Node(
        "/snapshots",
        "s",
        "the chain's snapshots: JSON, real values by SLOT/SYMBOL by A to D; set, it replaces them",
        Access.BOTH,
        default=("{}",),
    ),
    Node(
        "/snapshots/named",
        "s",
        "what the player calls them: JSON, names by A to D",
        Access.BOTH,
        default=("{}",),
    ),
    _command("/set", "set several as one change: JSON, real values by SLOT/SYMBOL", "s"),
    _command("/undo", "take back the last change, or match, and whose the knobs were"),
    _command("/redo", "make it again"),
    Node("/history", "ii", "how many changes can be undone, and redone"),
    Node(
        "/map",
        "ff",
        "the place on the sound map of a single plugin; setting it moves all parameters",
        Access.BOTH,
        _SHARE,
        default=(0.5, 0.5),
    ),
    Node("/map/input", "ff", "where the input lies on the sound map", limits=_SHARE),
    Node("/map/reference", "ff", "where the reference lies on it", limits=_SHARE),
    Node("/map/prediction", "ff", "where the predicted setting lies on it", limits=_SHARE),
    Node(
        "/map/heard",
        "f*",
        "the settings that were tried last for what is played now: of each its two shares on the"
        " map, and its expected distance from the reference's sound",
    ),
    _command("/discover", "list the tracks, plugins and parameters of the host at this URL", "s"),
    Node("/discovered", "s", 'what the last /discover found: JSON, or an error as {"error": …}'),
    _command("/host/test", "turn one knob of the host there and back, and listen to what it says"),
    Node(
        "/host/tested",
        "s",
        "what came of /host/test: JSON, real values before, sent, heard and back of one address;"
        ' null is what the host does not tell; or an error as {"error": …}',
        default=("",),
    ),
    _command(
        "/suggest",
        "rank all plugins and rigs for what was played last and the reference, within so many"
        " seconds; without a number 10",
        "f*",
        (1.0, 60.0),
        "s",
    ),
    _command(
        "/suggest/host",
        "the same of those on the tracks of the connected host alone",
        "f*",
        (1.0, 60.0),
        "s",
    ),
    Node("/suggest/running", "i", "1 while they are ranked", limits=_SWITCHED, default=(0,)),
    Node(
        "/suggested",
        "s",
        "what came of /suggest: JSON, the likeliest first, with expected distances, that of doing"
        ' nothing, and why others were left out; or an error as {"error": …}; empty while there is'
        " none",
        default=("",),
    ),
    _command("/devices/rescan", "look for sound devices again; the input pauses"),
    Node("/devices", "s", "the sound devices with inputs: JSON, a list of names"),
    Node("/plugins", "s", "known plugins: JSON, a list of id, name, kind, installed, model"),
    Node("/rigs", "s", "known rigs: JSON, a list of id, name, kind, slots, installed"),
    Node(
        "/audition",
        "s",
        "what the embedded host plays, equally loud",
        Access.BOTH,
        choices=HEARD,
        default=(MATCHED,),
    ),
    _setting(
        "/output", "", "what the embedded host plays on: a device by name; empty: the system's"
    ),
    _switch("/output/playing", False, "1 lets the embedded host be heard; it starts silent"),
    _setting("/output/level", 0.0, "how loud it is heard", (-60.0, 12.0), "dB"),
    Node("/output/device", "s", "what it plays on in fact; empty where nothing", default=("",)),
    Node("/output/gaps", "i", "how often playback broke up since /clear", default=(0,)),
    Node("/outputs", "s", "the sound devices with outputs: JSON, a list of names"),
    _command("/demo", "listen to the demo's guitar, with its reference, in the embedded host"),
    _command("/clear", "forget overflows, gaps and clipping"),
    _command("/quit", "end the engine"),
    _command("/subscribe", "tell the sender all values, and every change for the next 10 s"),
    _command("/unsubscribe", "tell the sender no more"),
    Node("/error", "ss", "told to whoever sent it: the address that was not obeyed, and why"),
    Node("/state", "s", "idle, filling, provisional, matching, silent: how much was heard"),
    Node("/engine/time", "f", "since the engine has started", unit="s"),
    Node("/engine/version", "s", "of dafx-bridge"),
    Node("/engine/busy", "s", "what is being prepared; empty when nothing is"),
    Node("/engine/fault", "s", "what went wrong last, and what to do; empty when all is well"),
    Node("/engine/log", "s", "the file with the log"),
    Node("/input/device", "s", "what is listened to, by its full name"),
    Node("/input/connected", "i", "1 while the source delivers"),
    Node("/input/rate", "i", "its sample rate", unit="Hz"),
    Node("/input/block", "i", "frames in a block of the device", unit="frames"),
    Node("/input/level", "f", "RMS of the last hop", unit="dBFS"),
    Node("/input/peak", "f", "its peak", unit="dBFS"),
    Node("/input/clipped", "i", "1 once the input was at full scale, until /clear"),
    Node("/input/overflows", "i", "how often audio was lost since /clear"),
    Node("/reference/report", "s", "what there is to say of the reference: JSON"),
    Node("/learn/running", "i", "1 while the input is learned", limits=_SWITCHED),
    Node("/learn/progress", "f", "how much of /learn is done", limits=_SHARE),
    Node("/host/state", "s", "none, connecting, connected, lost"),
    Node("/host/sends", "i", "values sent in the last second"),
    Node("/host/bypassed", "i", "1 while every plugin is left out"),
    Node("/latency/compute", "f", "from a complete hop to its datagram", unit="ms"),
    Node("/latency/adaptation", "f", "until half of a change of playing is followed", unit="s"),
    Node("/decisions", "if", "how often settings were tried, and how long the last time took"),
    Node(
        "/closeness",
        "fffff",
        "distance of the playing as it is, expected with the answer, its lowest and highest with"
        " 80 %, and the probability that the answer is nearer; 0 is identical, 1 clearly different;"
        " -1 each while unknown",
        default=(UNKNOWN,) * 5,
    ),
    Node(
        "/verdict",
        "s",
        "what came of the last decision; empty until there is one",
        choices=tuple(Verdict),
        default=("",),
    ),
    Node("/spectrum/input", "f*", "long-term mean of every mel band of the input", unit="dB"),
    Node("/spectrum/reference", "f*", "the same of the reference", unit="dB"),
    Node("/spectrum/output", "f*", "the same of what the embedded host makes of it", unit="dB"),
)


def chain_nodes(chain: Chain) -> Iterator[Node]:
    """The nodes of the chain that is driven: of its parameters, bypasses and slots."""
    for slot in chain.slots:
        for spec in slot.plugin.parameters:
            yield from _parameter(slot, spec)
        yield from _bypass(slot)
        yield _slot(slot)


def node_address(of: str, leaf: Leaf = Leaf.VALUE) -> str:
    """Where a parameter of the chain, at SLOT/SYMBOL, has this leaf."""
    return f"{PARAMETER}/{of}" + (f"/{leaf}" if leaf else "")


def slot_confidence(slot_id: str) -> str:
    """Where the confidence of a whole slot is told."""
    return f"{SLOT}/{slot_id}/{Leaf.CONFIDENCE}"


def _parameter(slot: Slot, spec: ParamSpec) -> Iterator[Node]:
    of, real = slot.address(spec.symbol), (spec.min, spec.max)
    at_start = slot.start.values[spec.symbol]
    yield Node(
        node_address(of),
        "f",
        f"{spec.name} in the host; once you set it, it is yours",
        Access.BOTH,
        real,
        spec.unit,
        default=(at_start,),
        of=of,
    )
    yield _leaf(
        of,
        Leaf.NORMALISED,
        "f",
        "the same in 0..1",
        Access.BOTH,
        _SHARE,
        default=(spec.to_normalised(at_start),),
    )
    yield from _whose(of)
    if spec.predicted:
        yield _leaf(of, Leaf.PREDICTED, "f", "what is answered", limits=real, unit=spec.unit)
        yield _leaf(of, Leaf.CONFIDENCE, "f", "how sure that is", limits=_SHARE)
        for leaf in (Leaf.SMOOTHING, Leaf.ATTACK, Leaf.SLEW):
            told = f"its own /{leaf}; -1 is the general one"
            general = _setting(node_address(of, leaf), -1.0, told, (-1.0, 60.0), "s")
            yield replace(general, of=of, leaf=leaf)


def _bypass(slot: Slot) -> Iterator[Node]:
    of = slot.address(BYPASS)
    told = f"1 leaves {slot.plugin.name} out; once you set it, it is yours"
    yield replace(_switch(node_address(of), False, told), of=of)
    yield from _whose(of)
    yield _leaf(of, Leaf.PREDICTED, "i", "1 where the answer leaves it out", limits=_SWITCHED)


def _whose(of: str) -> Iterator[Node]:
    yield _leaf(of, Leaf.BY, "s", "who moved it last: you, model or host")
    yours = "1 where the model leaves it to you until /arm"
    yield _leaf(of, Leaf.YOURS, "i", yours, limits=_SWITCHED)
    locked = _switch(
        node_address(of, Leaf.LOCK), False, "1 keeps the model off it, /arm or not", kept=True
    )
    yield replace(locked, of=of, leaf=Leaf.LOCK)


def _leaf(
    of: str,
    leaf: Leaf,
    types: str,
    description: str,
    access: Access = Access.READ,
    limits: tuple[float, float] | None = None,
    unit: str = "",
    default: Value = (),
) -> Node:
    return Node(
        node_address(of, leaf),
        types,
        description,
        access,
        limits,
        unit,
        default=default,
        of=of,
        leaf=leaf,
    )


def _slot(slot: Slot) -> Node:
    return Node(
        slot_confidence(slot.id),
        "f",
        "mean confidence of the slot's parameters",
        limits=_SHARE,
        of=slot.id,
        leaf=Leaf.CONFIDENCE,
    )
