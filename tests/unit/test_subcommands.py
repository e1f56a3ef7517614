"""Every subcommand is in the table that `--help` prints, and is loaded when it is asked for."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from bridge import cli
from bridge.cli.app import SUMMARIES


@pytest.mark.parametrize("name", SUMMARIES)
def test_the_table_says_what_the_help_of_a_subcommand_begins_with(name: str) -> None:
    summary, _, _ = (import_module(f"bridge.cli.{name}").command.__doc__ or "").partition("\n\n")
    assert " ".join(summary.split()) == SUMMARIES[name]


def test_no_subcommand_is_left_out_of_the_table() -> None:
    modules = [path.stem for path in Path(cli.__path__[0]).glob("*.py")]
    commands = [m for m in modules if hasattr(import_module(f"bridge.cli.{m}"), "EXAMPLES")]
    assert sorted(commands) == sorted(SUMMARIES)


def test_help_loads_neither_models_nor_plugins() -> None:
    program = (
        "import sys\n"
        "from bridge.cli.app import app\n"
        "try:\n"
        "    app(args=['--help'])\n"
        "except SystemExit:\n"
        "    print(sorted({'numpy', 'scipy', 'onnxruntime', 'pedalboard'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]"
