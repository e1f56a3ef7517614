"""`dafx-bridge hosts`: the kinds of host, and what each can do."""

from dataclasses import asdict

from bridge.cli.options import JsonOption, echo_json
<<<<<<< HEAD
from bridge.cli.printing import print_table
from bridge.hosts import PROFILES
=======
from bridge.hosts import PROFILES, Profile
>>>>>>> hosts

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
    """List the kinds of host that --host takes, with what their protocols let the bridge do.

    discover: list tracks, plugins and parameters. read back: ask for the values, and so restore
    them. follow: notice a knob that you turn and a plugin that you switch, or the knobs alone.
    bypass: leave the plugin out. All of them can be set.
    """
    if as_json:
        keys = ("scheme", "name", "example", *_ABILITIES, "follows_bypass")
        echo_json([{key: asdict(profile)[key] for key in keys} for profile in PROFILES])
        return
<<<<<<< HEAD
    rows = [
        (
            profile.name,
            ", ".join(name for key, name in _ABILITIES.items() if getattr(profile, key)),
            profile.example,
        )
        for profile in PROFILES
    ]
    print_table(("host", "can", "URL"), rows, whole=("URL",))
=======
    table = Table("host", *_ABILITIES.values())
    table.add_column("URL", overflow="fold")
    for profile in PROFILES:
        abilities = [_ability(profile, key) for key in _ABILITIES]
        table.add_row(profile.name, *abilities, profile.example)
    Console().print(table)


def _ability(profile: Profile, key: str) -> str:
    if not getattr(profile, key):
        return "no"
    return "knobs" if key == "follows" and not profile.follows_bypass else "yes"
>>>>>>> hosts
