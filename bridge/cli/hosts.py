"""`dafx-bridge hosts`: the kinds of host, and what each can do."""

from dataclasses import asdict

from bridge.cli.options import JsonOption, echo_json
from bridge.cli.printing import print_table
from bridge.hosts import PROFILES

EXAMPLES = """\
  dafx-bridge hosts
  dafx-bridge hosts --json"""

_ABILITIES = {
    "discovers": "discover",
    "reads": "read back",
    "follows": "follow",
    "bypasses": "bypass",
    "follows_bypass": "follow bypass",
}


def command(as_json: JsonOption = False) -> None:
    """List the kinds of host that --host takes, with what their protocols let the bridge do.

    discover: list tracks, plugins and parameters. read back: ask for the values, and so restore
    them. follow: notice a knob that you turn. bypass: leave the plugin out. follow bypass: notice a
    plugin that you switch. All of them can be set.
    """
    if as_json:
        keys = ("scheme", "name", "example", *_ABILITIES)
        echo_json([{key: asdict(profile)[key] for key in keys} for profile in PROFILES])
        return
    rows = [
        (
            profile.name,
            ", ".join(name for key, name in _ABILITIES.items() if getattr(profile, key)),
            profile.example,
        )
        for profile in PROFILES
    ]
    print_table(("host", "can", "URL"), rows, whole=("URL",))
