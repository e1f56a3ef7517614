"""Add every LV2 plugin of some Debian packages, and compare what is added with Ardour.

    python -m benchmarks.packages [PACKAGE …] [--unseen] [--folder FOLDER] [--again] [--table]

Packages are downloaded and unpacked below FOLDER, not installed; Ardour must be installed, as the
tests have it. Some seconds a plugin. Writes docs/results/packages/PACKAGE.csv, one row a plugin,
and from all of them docs/results/packages.md; `--table` writes that alone. A plugin that has a row
is not tried again, but with `--again` where it is wrong or not compared. `--unseen` takes
the others.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.packages.comparison import Compared, compared
from benchmarks.packages.table import AGAIN, CSV, RESULT, Row, markdown, rows_of
from benchmarks.packages.unpacked import environment, unpacked
from bridge.adding.add import Added, Adding, Outcome
from bridge.effects.lilv import lilv
from bridge.library import Layer

SEEN = ("zam-plugins", "x42-plugins", "guitarix-lv2", "dpf-plugins-lv2", "mda-lv2")
UNSEEN = (
    *("calf-plugins", "lsp-plugins-lv2", "swh-lv2", "invada-studio-plugins-lv2", "eq10q", "fomp"),
    *("dragonfly-reverb-lv2", "abgate", "ir.lv2", "lv2vocoder", "vocproc", "rubberband-lv2"),
)


def main() -> None:
    """Try and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packages", nargs="*", metavar="PACKAGE")
    parser.add_argument("--unseen", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path("/tmp/dafx-bridge-packages"))
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    packages = arguments.packages or (UNSEEN if arguments.unseen else SEEN)
    CSV.mkdir(parents=True, exist_ok=True)
    for package in () if arguments.table else packages:
        if arguments.again:
            forget_wrong(CSV / f"{package}.csv")
        if arguments.here:
            try_here(package)
        else:
            try_apart(package, arguments.folder)
    RESULT.write_text(markdown(SEEN, UNSEEN))


def forget_wrong(file: Path) -> None:
    """Drop the rows of what differs, so that it is tried again."""
    kept = [row for row in rows_of(file) if row.verdict not in AGAIN]
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, Row.names())
        writer.writeheader()
        writer.writerows(row.fields() for row in kept)


def try_apart(package: str, folder: Path) -> None:
    """In a process that has the package's libraries."""
    with tempfile.TemporaryDirectory() as own:
        places = {"XDG_CACHE_HOME": own, "XDG_DATA_HOME": own}
        subprocess.run(
            [sys.executable, "-m", "benchmarks.packages", package, "--here"],
            env=environment(unpacked(package, folder)) | places,
            check=True,
        )


def try_here(package: str) -> None:
    """Every plugin that lilv knows; what is tried already is not tried again."""
    file = CSV / f"{package}.csv"
    known = {row.uri for row in rows_of(file)}
    with file.open("a", newline="") as out:
        writer = csv.DictWriter(out, Row.names())
        if not known:
            writer.writeheader()
        for uri in sorted(uri for uri, _ in lilv().plugins()):
            if uri not in known:
                row = tried(uri)
                print(row, flush=True)
                writer.writerow(row.fields())
                out.flush()


def tried(uri: str) -> Row:
    """Add a plugin to an empty table, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        layer = Layer(Path(folder) / "plugins_manifest.yaml", Path(folder) / "models")
        started_s, cpu_s = time.monotonic(), _cpu_s()
        outcome = _first(Adding(layer).add(uri))
        seconds, cpu_s = time.monotonic() - started_s, _cpu_s() - cpu_s
    beside = compared(outcome.plugin) if isinstance(outcome, Added) else Compared("refused")
    return Row.of(outcome, beside, seconds, cpu_s)


def _first(outcomes: Iterator[Outcome]) -> Outcome:
    return next(outcomes)


def _cpu_s() -> float:
    """Of this process and the children that have ended."""
    times = psutil.Process(os.getpid()).cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


if __name__ == "__main__":
    main()
