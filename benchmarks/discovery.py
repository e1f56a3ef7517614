"""How long `discover` takes in a project of 60 tracks, host by host.

    python -m benchmarks.discovery [--tracks 60] [--without-ardour]

Every track holds four plugins. Ardour is the real program, on a JACK server without a sound card,
started here and ended again; it needs Debian's ardour, jackd2 and mda-lv2. The others are the
tests' fakes, which look at what has come in as often as the real ones do, but answer at once.
Writes docs/results/discovery.json and .md.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bridge.chain import chain_of
from bridge.hosts import discover
from bridge.library import Library
from tests.fake_hosts import FakeHost
from tests.fake_hosts.base import FakeTrack, fake_plugin
from tests.hands import EACH
from tests.rigs.ardour import PLUGINS, ScriptedArdour
from tests.rigs.children import wait_for
from tests.rigs.jack import jack_server

RESULT = Path("docs/results/discovery")


def main() -> None:
    """Discover and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tracks", type=int, default=60)
    parser.add_argument("--without-ardour", action="store_true")
    arguments = parser.parse_args()
    chain = chain_of(",".join(PLUGINS), Library().manifest)
    rows = []
    for kind, tick_s in EACH:
        if kind.scheme == "ardour" and not arguments.without_ardour:
            rows.append(real_ardour(arguments.tracks))
        else:
            with kind(chain, tick_s) as fake:
                fill(fake, arguments.tracks)
                rows.append(timed("fake", fake.scheme, fake.url))
        print(json.dumps(rows[-1]), flush=True)
    RESULT.with_suffix(".json").write_text(json.dumps(rows, indent=1) + "\n")
    RESULT.with_suffix(".md").write_text(markdown(rows))


def fill(fake: FakeHost, count: int) -> None:
    """So many tracks in all, each with the chain's plugins."""
    for number in range(len(fake.tracks), count):
        plugins = [fake_plugin(slot, fake.normalised) for slot in fake.chain.slots]
        fake.tracks.append(FakeTrack(f"track {number}", plugins))


def real_ardour(count: int) -> dict[str, Any]:
    """The rig's track, again and again."""
    with (
        tempfile.TemporaryDirectory() as folder,
        jack_server(),
        ScriptedArdour(Path(folder) / "ardour") as ardour,
    ):
        url = f"ardour://127.0.0.1:{ardour.port}"
        # The master bus is there already.
        ardour.multiply(count - 2)
        wait_for("the copies", lambda: timed("real", "ardour", url)["plugins"] >= 4 * (count - 1))
        return timed("real", "ardour", url)


def timed(what: str, host: str, url: str) -> dict[str, Any]:
    """Seconds, and what was found."""
    started_s = time.perf_counter()
    found = discover(url)
    seconds = time.perf_counter() - started_s
    plugins = [plugin for track in found for plugin in track.plugins]
    return {
        "host": host,
        "program": what,
        "tracks": len(found),
        "plugins": len(plugins),
        "parameters": sum(len(plugin.parameters) for plugin in plugins),
        "seconds": round(seconds, 2),
    }


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """The table."""
    lines = [
        "# How long `discover` takes",
        "",
        "| host | program | tracks | plugins | parameters | s |",
        "|---|---|---|---|---|---|",
        *("| " + " | ".join(map(str, row.values())) + " |" for row in rows),
        "",
        "*fake*: the tests' fake, which looks at what has come in as often as the real one does and"
        " answers at once; Bitwig's extension shows eight tracks. SUSHI and hosts with a file of"
        " yours cannot be asked. Written by `python -m benchmarks.discovery`.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
