"""What is written for people: every link leads somewhere, and the version is one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.library import MANIFEST
from bridge.version import __version__

ROOT = MANIFEST.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE_BLOCK = re.compile(r"```.*?```", re.DOTALL)
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def _anchors(page: Path) -> set[str]:
    """Of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ +(.+)$", _CODE_BLOCK.sub("", page.read_text("utf-8")), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", title.lower()) for title in titles)
    return {title.strip().replace(" ", "-") for title in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(_CODE.sub("", page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link}"
        if anchor and target.suffix == ".md":
            assert anchor in _anchors(target), f"{page.name}: {link}"


def test_the_readme_begins_with_two_commands_that_set_everything_up() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert readme.index("make demo ") < readme.index("make test ") < 900
    # Words that a musician need not know first.
    for word in ("datagram", "MRSTFT", " hop"):
        assert word not in readme


def test_the_version_is_one() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == __version__
    assert f"[{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
