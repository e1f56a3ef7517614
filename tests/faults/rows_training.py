"""`dafx-train` where it may not write."""

from tests.faults.acts import apart
from tests.faults.row import Outcome, Room, Row

FOLDERS: dict[str, str | None] = {
    "HOME": "{room}/file",
    "NUMBA_CACHE_DIR": None,
    # As where a package is installed by somebody else: not beside the code.
    "NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator,UserWideCacheLocator",
}
CACHED = """
from training.figures.compiled import let_numba_keep
let_numba_keep()
import numba
numba.njit(cache=True)(lambda number: number)
print("it can be kept")
"""


def cached(room: Room) -> Outcome:
    """What umap asks of numba when it is imported, without the minute that compiling it takes."""
    program = room.home / "cached.py"
    program.write_text(CACHED)
    return apart(module=str(program), **FOLDERS)(room)


ROWS = (
    Row(
        "figures, no home",
        cached,
        0,
        "it can be kept",
        given=lambda room: room.path("file").write_text("precious"),
    ),
)
