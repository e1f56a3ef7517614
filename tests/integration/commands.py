"""Run `dafx-bridge` as a user does, in a process of its own; or in this one, which is quicker."""

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bridge.cli.app import app

PATIENCE_S = 60


def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "bridge", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        **options,
    )


def run_inside(*arguments: object) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself, in this process: honest where words and files alone matter."""
    words, out, err, code = [*map(str, arguments)], io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            app(args=words, prog_name="dafx-bridge")
        except SystemExit as end:
            code = int(end.code or 0)
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def run_json(*arguments: object, inside: bool = False) -> Any:
    """A command's JSON; the command must succeed."""
    done = (run_inside if inside else run)(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@contextmanager
def running(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A command that runs on; killed at the end of the block where it still does."""
    child = subprocess.Popen(
        [sys.executable, "-m", "bridge", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A group of its own, which a test can send what a terminal sends.
        start_new_session=True,
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.communicate(timeout=PATIENCE_S)


def next_line(child: subprocess.Popen[str]) -> Any:
    """The next line of JSON that a running command prints."""
    assert child.stdout is not None
    line = child.stdout.readline()
    assert line, child.stderr.read() if child.stderr else ""
    return json.loads(line)


@contextmanager
def host_running(plugin: str, *arguments: object) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """An embedded host that is ready, and its port."""
    with running("host", "--plugin", plugin, "--port", 0, "--json", *arguments) as child:
        yield child, next_line(child)["ready"]["port"]
