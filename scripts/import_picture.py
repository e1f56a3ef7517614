"""Who imports whom in bridge, gui and training: no circle, and no arrow that points up.

    python scripts/import_picture.py

prints the arrows between packages, writes them to docs/results/imports.md, and ends with 1 where a
rule is broken. An import counts wherever it stands, inside a function too.
"""

import argparse
import ast
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUT = Path("docs/results/imports.md")
TREES = ("bridge", "gui", "training")
FLOORS = (
    ("training",),
    ("gui",),
    (
        *("bridge", "bridge.__main__", "bridge.cli", "bridge.api", "bridge.control"),
        *("bridge.demo", "bridge.bench", "bridge.doctor"),
    ),
    ("bridge.engine",),
    ("bridge.search", "bridge.drive"),
    ("bridge.estimate", "bridge.hosts", "bridge.effect_host", "bridge.adding"),
    ("bridge.models", "bridge.analysis", "bridge.effects"),
    ("bridge.audio", "bridge.osc"),
    (
        *("bridge.library", "bridge.chain", "bridge.manifest", "bridge.errors", "bridge.arrays"),
        *("bridge.closing", "bridge.spawning", "bridge.system", "bridge.commands"),
        *("bridge.readings", "bridge.kept_answers", "bridge.kinds", "bridge.texts"),
        "bridge.version",
    ),
)
"""From the top down. A package may import what lies on its own floor and below."""

Arrows = Mapping[str, set[str]]
"""By importer: what it imports."""


def modules_of(root: Path) -> dict[str, Path]:
    """All modules by dotted name; a package's own is its `__init__`."""
    found = {}
    for tree in TREES:
        for path in sorted((root / tree).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(name: str, path: Path, modules: Mapping[str, Path]) -> Iterator[str]:
    """The modules among `modules` that one of them imports."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            wanted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            # What is named is a module of the package, or stands in its `__init__`.
            inside = [f"{base}.{alias.name}" for alias in node.names]
            wanted = [each if each in modules else base for each in inside]
        else:
            continue
        yield from (found for found in wanted if found in modules and found != name)


def package_of(module: str) -> str:
    """`bridge.cli` of `bridge.cli.app`; a module beside the packages counts as one."""
    return ".".join(module.split(".")[:2])


def between_packages(arrows: Arrows) -> dict[str, set[str]]:
    """The arrows of modules, as arrows of their packages."""
    found: dict[str, set[str]] = {}
    for module, imported in arrows.items():
        packages = found.setdefault(package_of(module), set())
        packages |= {package_of(other) for other in imported} - {package_of(module)}
    return found


def circles(arrows: Arrows) -> list[str]:
    """One circle of each knot, as `a → b → a`."""
    found = []
    remaining = {name: set(imported) for name, imported in arrows.items()}
    while True:
        try:
            TopologicalSorter(remaining).prepare()
        except CycleError as error:
            # It is told from what is imported to who imports it.
            circle = list(reversed(error.args[1]))
            found.append(" → ".join(circle))
            for importer, imported in pairwise(circle):
                remaining[importer].discard(imported)
        else:
            return found


def floor_of(package: str) -> int | None:
    """The number of a package's floor, counted from the top; None where it has none."""
    tree = package.partition(".")[0]
    for number, floor in enumerate(FLOORS):
        if package in floor or (tree != "bridge" and tree in floor):
            return number
    return None


def upward(arrows: Arrows) -> list[str]:
    """Imports of modules from a higher floor."""
    found = []
    for module, imported in sorted(arrows.items()):
        own = floor_of(package_of(module))
        for other in sorted(imported):
            above = floor_of(package_of(other))
            if own is not None and above is not None and above < own:
                found.append(f"{module} → {other}")
    return found


def broken_rules(arrows: Arrows) -> list[str]:
    """One line each."""
    packages = between_packages(arrows)
    homeless = [package for package in sorted(packages) if floor_of(package) is None]
    return [
        *(
            f"no floor: {package}; add it to FLOORS in {Path(__file__).name}"
            for package in homeless
        ),
        *(f"arrow up: {arrow}" for arrow in upward(arrows)),
        *(f"circle of packages: {circle}" for circle in circles(packages)),
        *(f"circle of modules: {circle}" for circle in circles(arrows)),
    ]


def short(package: str) -> str:
    """A name for people: gui and training are one each, what is in bridge goes by its own."""
    tree, _, own = package.partition(".")
    return own if tree == "bridge" and own else tree


def drawn(arrows: Arrows) -> dict[str, set[str]]:
    """The arrows between packages by their names for people."""
    found: dict[str, set[str]] = {}
    for package, imported in between_packages(arrows).items():
        names = found.setdefault(short(package), set())
        names |= {short(other) for other in imported} - {short(package)}
    return found


def reached(arrows: Arrows, start: str) -> set[str]:
    """All that one leads to."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = arrows[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def without_detours(arrows: Arrows) -> dict[str, set[str]]:
    """Only the arrows that do not follow from others. There must be no circle."""
    beyond = {name: reached(arrows, name) for name in arrows}
    return {
        name: imported - {far for near in imported for far in beyond[near]}
        for name, imported in arrows.items()
    }


def report(arrows: Arrows, broken: list[str]) -> str:
    """The page: what is broken, a picture, a table."""
    picture = drawn(arrows)
    floors = [[name for name in map(short, floor) if name in picture] for floor in FLOORS]
    base = set(floors[-1])
    above = {name: imported - base for name, imported in picture.items() if name not in base}
    shown = above if circles(above) else without_detours(above)
    lines = [
        "# Who imports whom",
        "",
        "Made by `python scripts/import_picture.py`, which `make check` runs: it fails on a circle"
        " between packages or modules, and on an arrow that points up.",
        "",
        *([f"- {line}" for line in broken] or ["No circle, no arrow up."]),
        "",
        "```mermaid",
        "flowchart TD",
        *(
            f'  subgraph floor{number}[" "]\n    {"; ".join(floor)}\n  end'
            for number, floor in enumerate(floors[:-1])
            if floor
        ),
        *(
            f"  {name} --> {other}"
            for name, imported in sorted(shown.items())
            for other in sorted(imported)
        ),
        "```",
        "",
        "From the top down. The lowest floor, which all may use, is not drawn, nor is an arrow that"
        " follows from others; the table has all.",
        "",
        "| floor | package | imports |",
        "|---|---|---|",
    ]
    for number, floor in enumerate(floors):
        for name in floor:
            imported = ", ".join(sorted(picture[name])) or "nothing"
            lines.append(f"| {len(FLOORS) - number} | {name} | {imported} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """0, or 1 where a rule is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default=ROOT, help="another checkout")
    root = parser.parse_args().root
    modules = modules_of(root)
    arrows = {name: set(imports_of(name, path, modules)) for name, path in modules.items()}
    broken = broken_rules(arrows)
    for name, imported in sorted(drawn(arrows).items()):
        print(f"{name} → {', '.join(sorted(imported)) or 'nothing'}")
    out = root / OUT
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(report(arrows, broken), encoding="utf-8")
    print(f"{len(modules)} modules; {len(broken)} rules broken")
    for line in broken:
        print(line, file=sys.stderr)
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
