"""Where numba, of umap, keeps what it compiles.

It takes the folder of the code or the home's cache, and fails to import where it may write to
neither.
"""

import atexit
import os
import shutil
from tempfile import TemporaryFile, mkdtemp

from platformdirs import user_cache_path

_CHOSEN = "NUMBA_CACHE_DIR"


def let_numba_keep() -> None:
    """Give it a folder for this run where the home cannot be written; before umap is imported."""
    if _CHOSEN in os.environ:
        return
    home = user_cache_path("numba", appauthor=False)
    try:
        home.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=home).close()
    except OSError:
        folder = os.environ[_CHOSEN] = mkdtemp(prefix="numba-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
