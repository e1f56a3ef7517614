"""The picture of imports, of small made-up trees."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "import_picture.py"


def picture(root: Path, files: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for folder in [path.parent, *path.parent.parents]:
            if folder == root:
                break
            (folder / "__init__.py").touch()
        path.write_text(text)
    return subprocess.run(
        [sys.executable, SCRIPT, "--root", root],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_arrows_that_point_down_are_drawn(tmp_path: Path) -> None:
    files = {
        "bridge/cli/app.py": "from bridge.engine import live\nimport numpy\n",
        "bridge/engine/live.py": "from bridge.hosts.base import Host\n",
        "bridge/hosts/base.py": "from bridge.errors import HostError\nclass Host: ...\n",
        "bridge/errors.py": "class HostError(Exception): ...\n",
        "gui/app.py": "import bridge.hosts.base\n",
    }
    done = picture(tmp_path, files)
    assert (done.returncode, done.stderr) == (0, "")
    assert "cli → engine\n" in done.stdout
    assert "gui → hosts\n" in done.stdout
    assert "hosts → errors\n" in done.stdout
    page = (tmp_path / "docs" / "results" / "imports.md").read_text()
    assert "No circle, no arrow up." in page
    assert "  engine --> hosts\n" in page
    # Not from the lowest floor, and nothing that follows from other arrows.
    assert "--> errors" not in page
    assert "| 7 | cli | engine |" in page


def test_an_arrow_that_follows_from_others_is_in_the_table_alone(tmp_path: Path) -> None:
    files = {
        "bridge/cli/app.py": "from bridge.engine import live\nfrom bridge.osc import udp\n",
        "bridge/engine/live.py": "from bridge.osc import udp\n",
        "bridge/osc/udp.py": "",
    }
    assert picture(tmp_path, files).returncode == 0
    page = (tmp_path / "docs" / "results" / "imports.md").read_text()
    assert "cli --> osc" not in page
    assert "| 7 | cli | engine, osc |" in page


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (
            {
                "bridge/hosts/base.py": "from bridge.engine.live import Engine\n",
                "bridge/engine/live.py": "",
            },
            "arrow up: bridge.hosts.base → bridge.engine.live\n",
        ),
        (
            {
                "bridge/hosts/base.py": "def f():\n    from bridge.cli import app\n",
                "bridge/cli/app.py": "",
            },
            "arrow up: bridge.hosts.base → bridge.cli.app\n",
        ),
        (
            {"bridge/cli/app.py": "import gui.views.values\n", "gui/views/values.py": ""},
            "arrow up: bridge.cli.app → gui.views.values\n",
        ),
        (
            {
                "bridge/search/worker.py": "from bridge.drive import driver\n",
                "bridge/drive/driver.py": "",
                "bridge/drive/other.py": "from bridge.search import worker\n",
            },
            "circle of packages: bridge.drive → bridge.search → bridge.drive\n",
        ),
        (
            {
                "bridge/osc/udp.py": "from bridge.osc import tcp\n",
                "bridge/osc/tcp.py": "from bridge.osc.udp import x\n",
            },
            "circle of modules: bridge.osc.tcp → bridge.osc.udp → bridge.osc.tcp\n",
        ),
        (
            {
                "bridge/osc/__init__.py": "from .udp import x\n",
                "bridge/osc/udp.py": "from . import x\n",
            },
            "circle of modules: bridge.osc → bridge.osc.udp → bridge.osc\n",
        ),
        ({"bridge/attic/old.py": ""}, "no floor: bridge.attic; add it to FLOORS"),
    ],
)
def test_a_broken_rule_is_told_and_ends_with_1(
    tmp_path: Path, files: Mapping[str, str], told: str
) -> None:
    done = picture(tmp_path, files)
    assert done.returncode == 1
    assert told in rotated(done.stderr)
    assert "No circle" not in (tmp_path / "docs" / "results" / "imports.md").read_text()


def rotated(lines: str) -> str:
    """Circles may be told from any of their members: here from the first by the alphabet."""
    found = []
    for line in lines.splitlines():
        words, _, circle = line.partition(": ")
        if words.startswith("circle"):
            members = circle.split(" → ")[:-1]
            start = members.index(min(members))
            members = members[start:] + members[:start]
            line = f"{words}: {' → '.join([*members, members[0]])}"
        found.append(line)
    return "\n".join(found) + "\n"
