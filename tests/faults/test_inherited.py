"""Children of tests begin with the default signals, however the tests were started."""

import signal
import subprocess
import sys

ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
IGNORED = f"""
import signal
print([n for n in {[int(n) for n in ENDING]} if signal.getsignal(n) is signal.SIG_IGN])
"""


def ignore_all() -> None:
    """As a shell does for what it starts in the background, and `nohup`."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)


def test_children_begin_with_the_default_signals() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IGNORED], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"


def test_also_where_the_tests_run_in_the_background() -> None:
    first = f"{__file__}::{test_children_begin_with_the_default_signals.__name__}"
    subprocess.run(
        [sys.executable, "-m", "pytest", first], preexec_fn=ignore_all, check=True, timeout=60
    )
