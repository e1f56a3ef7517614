"""How each host is set up for the bridge: its page in docs/hosts, as steps for the window."""

import re
from dataclasses import dataclass

from bridge.chain import Chain
from bridge.errors import ManifestError
from bridge.hosts import PROFILES, Profile
from bridge.library import HOST_FILES
from bridge.manifest import PluginSpec
from gui.views.hosts import EMBEDDED, host_choice
from gui.views.numbers import real_text
from gui.views.setup import parsed
from gui.views.values import Values, text
from gui.views.words import capital

LOADS = {
    "ardour": ("lv2", "vst3"),
    "reaper": ("vst3", "lv2"),
    "live": ("vst3",),
    "bitwig": ("vst3",),
    "carla": ("lv2", "vst3"),
    "sushi": ("vst3", "lv2"),
    "supercollider": (),
    EMBEDDED: ("lv2", "vst3", "builtin"),
}
"""Formats that a host loads, the one to prefer first; who is missing loads what it does."""
_NAMES = {"lv2": "LV2", "vst3": "VST3", "builtin": "built in"}
_SAME = 0.02
"""Of the range: as near is obeyed."""
_STEP = re.compile(r"^\d+\. (.+(?:\n {3}.+)*)", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\((?!http)[^)]+\)")


@dataclass(frozen=True)
class DawGuide:
    """What there is to do for one kind of host."""

    profile: Profile
    steps: tuple[str, ...]
    """In Markdown."""
    sends_to: str
    """The port the host listens on."""
    hears_at: str
    """The port it answers to."""


def guide(profile: Profile) -> DawGuide:
    """The page's steps, with the window's own in place of the command line's."""
    try:
        page = (HOST_FILES / f"{profile.scheme}.md").read_text(encoding="utf-8")
    except OSError:
        page = ""
    own = [_LINK.sub(r"\1", " ".join(step.split())) for step in _STEP.findall(page)]
    steps = [step for step in own if "dafx-bridge " not in step] or [capital(profile.remedy)]
    if profile.scheme == EMBEDDED:
        steps = ["Choose an input, then *Embedded host, no DAW*, and press *Start*."]
    else:
        place = "choose track and plugin" if profile.tracks else "choose the plugin"
        find = f"press *Discover*, {place}" if profile.discovers else "add its place to the address"
        steps.append(f"In this window, step 4: choose *{profile.name}*, {find}, then *Connect*.")
    port = host_choice(profile.example).address.rpartition(":")[2]
    answers = str(profile.reply_port) if profile.reply_port else "whichever asks"
    return DawGuide(profile, tuple(steps), port, answers)


def guides() -> list[DawGuide]:
    """All of them."""
    return [guide(profile) for profile in PROFILES]


def to_load(plugin: PluginSpec, profile: Profile) -> str:
    """Which plugin to load there, in which format, or why it cannot be."""
    if profile.scheme == "supercollider":
        return f"{plugin.name}: a synth with its parameters as controls"
    there = [name for name in _NAMES if getattr(plugin.formats, name)]
    loads = LOADS.get(profile.scheme, ("lv2", "vst3"))
    if fitting := [name for name in loads if name in there]:
        return f"{plugin.name}: {_NAMES[fitting[0]]}"
    if there == ["builtin"]:
        return f"{plugin.name} is inside the bridge: only the embedded host has it"
    formats = " and ".join(_NAMES[name] for name in there)
    # Without the extension that speaks for it.
    name = profile.name.partition(" (")[0]
    return f"{plugin.name} comes as {formats}, which {name} does not load"


def can_test(profile: Profile, values: Values) -> bool:
    """Whether it is the host that is connected."""
    url = text(values, "/host")
    here = bool(url) and host_choice(url).scheme == profile.scheme
    return here and text(values, "/host/state") == "connected"


def trial_text(profile: Profile, chain: Chain | None, values: Values) -> str:
    """What came of the test, as a sentence; empty before there was one."""
    told = parsed(values, "/host/tested")
    if not isinstance(told, dict) or chain is None:
        return ""
    if error := told.get("error"):
        return str(error)
    try:
        spec = chain.parameter(str(told["address"])).spec
    except (ManifestError, KeyError):
        return ""
    sent, heard, back = (told.get(name) for name in ("sent", "heard", "back"))
    turned = f"{spec.name} was turned to {real_text(spec, float(sent or 0))} and back"
    if heard is None:
        return f"{turned}. {profile.name} does not tell its values: did the knob move?"
    answer = f"{profile.name} said {real_text(spec, heard)}"
    answer += f", then {real_text(spec, back)}" if back is not None else ""
    share = spec.to_normalised
    moved = abs(share(heard) - share(float(sent or 0))) <= _SAME
    return f"{turned}: {answer}. " + ("It works." if moved else "It was not obeyed.")
