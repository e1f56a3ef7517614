"""`dafx-bridge scan`: which plugins are installed, and which can be added."""

from collections import Counter
from dataclasses import asdict

from bridge.adding.scan import State, scan
from bridge.cli.options import JsonOption, echo_json
from bridge.cli.printing import print_table
from bridge.library import open_library

EXAMPLES = """\
  dafx-bridge scan
  dafx-bridge scan --json"""


def command(as_json: JsonOption = False) -> None:
    """List LV2 and VST3 plugins on this computer: added, can be added, or cannot and why.

    None of them is loaded: `dafx-bridge add` does that, in a process of its own, and what it finds
    is told here the next time.
    """
    found = scan(open_library().manifest)
    if as_json:
        echo_json([asdict(each) for each in found])
        return
    rows = [
        (
            each.name,
            each.format,
            f"{each.state}: {each.detail}" if each.state == State.CANNOT else each.state,
            each.source,
        )
        for each in found
    ]
    counts = Counter(each.state for each in found)
    told = ", ".join(f"{counts[state]} {state}" for state in State)
    # A source is there to be copied.
    print_table(("plugin", "format", "state", "source"), rows, whole=("source",), caption=told)
