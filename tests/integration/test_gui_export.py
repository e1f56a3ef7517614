"""What the window exports, read by the programs it is for."""

import os
import subprocess
from pathlib import Path

from bridge.manifest import PluginSpec, Setting
from gui.views.export import export_lv2

SYSTEM = "/usr/lib/lv2"


def test_lilv_finds_an_exported_preset_with_its_values(
    overdrive: PluginSpec, tmp_path: Path
) -> None:
    setting = Setting.of_values(overdrive, {"drive": 0.61, "muffle": 0.25, "output": 0.4})
    bundle = export_lv2(setting, 'Crunch "é"', tmp_path)
    environment = os.environ | {"LV2_PATH": f"{tmp_path}:{SYSTEM}"}
    listed = subprocess.run(
        ["lv2info", str(overdrive.formats.lv2)], env=environment, capture_output=True, text=True
    )
    assert 'Crunch "é"' in listed.stdout.split("Presets:")[1].split("Port 0")[0]
    assert str(tmp_path) not in listed.stderr
    (preset,) = (path for path in bundle.glob("*.ttl") if path.name != "manifest.ttl")
    told = preset.read_text()
    for symbol, value in setting.values.items():
        assert f'lv2:symbol "{symbol}" ; pset:value {value:.9g}' in told
