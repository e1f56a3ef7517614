"""`dafx-train` where it may not write."""

from tests.faults.acts import apart
from tests.faults.row import Row

NOT_BESIDE_THE_CODE = "UserProvidedCacheLocator,UserWideCacheLocator"
"""As where a package is installed by somebody else."""

ROWS = (
    Row(
        "figures, no home",
        apart(
            *("figures", "--help"),
            module="training",
            HOME="{room}/file",
            NUMBA_CACHE_LOCATOR_CLASSES=NOT_BESIDE_THE_CODE,
            NUMBA_CACHE_DIR=None,
        ),
        0,
        "Draw what the latent space holds",
        given=lambda room: room.path("file").write_text("precious"),
    ),
)
