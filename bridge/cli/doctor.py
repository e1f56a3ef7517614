"""`dafx-bridge doctor`: whether all is there, and what to do where it is not."""

from dataclasses import asdict

import typer
from rich.console import Console

from bridge.cli.options import JsonOption, echo_json
from bridge.cli.printing import printable
from bridge.doctor import State, examine
from bridge.library import open_library

EXAMPLES = """\
  dafx-bridge doctor
  dafx-bridge doctor --json"""

_SIGNS = {State.OK: "ok    ", State.ADVICE: "advice", State.FAULT: "FAULT "}


def command(as_json: JsonOption = False) -> None:
    """Look at everything the bridge needs of this computer, and print what to do.

    ok: it is there. advice: not everybody needs it. FAULT: the main job cannot be done, and the
    exit code is 1. Please paste what it prints into a report of a fault.
    """
    with Console(stderr=True).status("looking, and asking the hosts"):
        findings = examine(open_library())
    faults = any(finding.state is State.FAULT for finding in findings)
    if as_json:
        echo_json({"ok": not faults, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            typer.echo(f"{_SIGNS[finding.state]}  {finding.about}: {printable(finding.told)}")
            if finding.todo:
                typer.echo(f"        → {printable(finding.todo)}")
    raise typer.Exit(int(faults))
