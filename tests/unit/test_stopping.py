"""What a signal makes of a command; each in a process of its own, as its handlers stay."""

import signal
import subprocess
import sys

import pytest

_COMMAND = """
import os, signal, typer
from bridge.cli.explained import explained
from bridge.errors import EffectError

@explained
def command() -> None:
    try:
        os.kill(os.getpid(), signal.{name})
    except BaseException as error:
        # As a compiled module does that is just being loaded, or who loads it.
        raise {fault}("initialization failed") from error

try:
    command()
except typer.Exit as left:
    raise SystemExit(left.exit_code)
"""


@pytest.mark.parametrize("fault", ["ImportError", "EffectError"])
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_that_became_another_fault_ends_the_command_as_the_signal(
    name: str, code: int, fault: str
) -> None:
    script = _COMMAND.format(name=name, fault=fault)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (code, "")


def test_while_modules_load_ctrl_c_ends_the_process_itself() -> None:
    script = (
        "import os, signal\nfrom bridge.cli.stopping import end_at_once\nend_at_once()\n"
        "os.kill(os.getpid(), signal.SIGINT)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")
