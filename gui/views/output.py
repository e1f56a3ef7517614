"""How the embedded host is heard, and why it is not."""

from pathlib import Path

from gui.views.hosts import EMBEDDED, host_choice
from gui.views.setup import listed
from gui.views.values import Values, is_on, text

HOWLS = (
    "The input is live: played through loudspeakers near a microphone or pickup, it howls."
    " Use headphones, or turn the level down first."
)


def why_unheard(values: Values) -> str:
    """Why nothing can be heard of the host; empty where it can."""
    url = text(values, "/host")
    if not url or host_choice(url).scheme != EMBEDDED:
        return "Only the embedded host is heard here; a DAW plays by itself"
    if text(values, "/host/state") != "connected":
        return "The host is not connected yet"
    if host_choice(url).own and not text(values, "/output/device"):
        return "There is no sound output here, so nothing can be heard"
    return ""


def is_live(values: Values) -> bool:
    """Whether the input is a device, which may hear what is played."""
    source = text(values, "/source")
    return bool(source) and not (Path(source).suffix or "/" in source)


def warns(values: Values) -> bool:
    """Whether to ask before what comes in goes out."""
    return is_live(values) and not is_on(values, "/output/playing")


def outputs(values: Values) -> dict[str, str]:
    """Devices that play, by what `/output` takes."""
    found = (one for one in listed(values, "/outputs") if isinstance(one, dict))
    return {"": "System's output"} | {str(one["name"]): str(one["name"]) for one in found}


def level_text(level_db: float) -> str:
    """As it is read."""
    return "silent" if level_db <= -60 else f"{level_db:+z.0f} dB"
