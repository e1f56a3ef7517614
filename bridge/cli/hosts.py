"""`dafx-bridge hosts`: the kinds of host, and what each can do."""

from dataclasses import asdict

from bridge.cli.options import JsonOption, echo_json
from bridge.cli.printing import print_table
from bridge.hosts import PROFILES, Profile

EXAMPLES = """\
  dafx-bridge hosts
  dafx-bridge hosts --json"""

_ABILITIES = {
    "discovers": "discover",
    "reads": "read back",
    "follows": "follow",
    "bypasses": "bypass",
}


def command(as_json: JsonOption = False) -> None:
    """List the kinds of host that --host takes, and what the bridge can do with each.

    discover: list tracks, plugins and parameters. read back: ask for the values, and so restore
    them. follow: notice a knob that you turn and a plugin that you switch, or the knobs alone.
    bypass: leave the plugin out. All of them can be set.
    """
    if as_json:
        keys = ("scheme", "name", "example", *_ABILITIES, "follows_bypass")
        echo_json([{key: asdict(profile)[key] for key in keys} for profile in PROFILES])
        return
    rows = [
        (
            profile.name,
            ", ".join(_ability(profile, key) for key in _ABILITIES if getattr(profile, key)),
            profile.example,
        )
        for profile in PROFILES
    ]
    print_table(("host", "can", "URL"), rows, whole=("URL",))


def _ability(profile: Profile, key: str) -> str:
    if key == "follows" and not profile.follows_bypass:
        return "follow knobs"
    return _ABILITIES[key]
