"""Debian packages, unpacked in a folder of their own: nothing is installed."""

import os
import subprocess
from pathlib import Path


def unpacked(package: str, folder: Path) -> Path:
    """Where a package and what it needs and is not installed lie, below `folder`."""
    place = folder / package
    if not place.exists():
        downloads = folder / "deb" / package
        downloads.mkdir(parents=True, exist_ok=True)
        order = ["apt-get", "install", "--simulate", "--no-install-recommends", package]
        simulated = subprocess.run(order, capture_output=True, text=True, check=True)
        needed = [line.split()[1] for line in simulated.stdout.splitlines() if "Inst " in line]
        subprocess.run(
            ["apt-get", "download", *(needed or [package])],
            cwd=downloads,
            check=True,
            capture_output=True,
        )
        for file in downloads.glob("*.deb"):
            subprocess.run(["dpkg", "-x", file, place], check=True)
    return place


def environment(place: Path) -> dict[str, str]:
    """In which lilv finds the unpacked plugins alone, and they their libraries."""
    libraries = (place / "usr/lib/x86_64-linux-gnu", place / "usr/lib/aarch64-linux-gnu")
    return os.environ | {
        "LV2_PATH": str(place / "usr/lib/lv2"),
        "LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries)),
    }
