"""Where the manifest and the exported models lie: inside an installed wheel, or in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
DATA = _PACKAGE / "data" if (_PACKAGE / "data").is_dir() else _PACKAGE.parent
MANIFEST = DATA / "plugins_manifest.yaml"
MODELS = DATA / "exported_models"
