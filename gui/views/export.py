"""The matched setting as files other programs read."""

import json
import re
from pathlib import Path

from bridge.chain import Chain, ChainSetting
from bridge.errors import BridgeError
from bridge.manifest import Setting

BUNDLE_SUFFIX = ".preset.lv2"


class ExportError(BridgeError):
    """A setting cannot be written."""


def export_json(setting: ChainSetting, path: Path) -> None:
    """Real values, units and normalised values by symbol, slot by slot. Raises ExportError."""
    chain = setting.chain
    slots = [
        {
            "slot": slot.id,
            "plugin": slot.plugin.id,
            "name": slot.plugin.name,
            "bypassed": slot.id in setting.bypassed,
            "parameters": _rows(own),
        }
        for slot, own in zip(chain.slots, setting.settings, strict=True)
    ]
    told = {"chain": chain.id, "name": chain.name, "slots": slots}
    _write(path, json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def _rows(setting: Setting) -> dict[str, dict[str, float | str]]:
    return {
        spec.symbol: {
            "name": spec.name,
            "value": setting.values[spec.symbol],
            "unit": spec.unit,
            "normalised": normalised,
        }
        for spec, normalised in zip(setting.plugin.parameters, setting.normalised, strict=True)
    }


def has_lv2(chain: Chain) -> bool:
    """Whether any of its plugins is an LV2 plugin."""
    return any(slot.plugin.formats.lv2 for slot in chain.slots)


def export_lv2_chain(setting: ChainSetting, name: str, folder: Path) -> list[Path]:
    """An LV2 preset for each slot that is an LV2 plugin; the bundles. Raises ExportError."""
    slots = setting.chain.slots
    return [
        export_lv2(own, name if len(slots) == 1 else f"{name} {slot.id}", folder)
        for slot, own in zip(slots, setting.settings, strict=True)
        if slot.plugin.formats.lv2
    ]


def export_lv2(setting: Setting, name: str, folder: Path) -> Path:
    """The setting as an LV2 preset in a bundle of its own below `folder`; the bundle.

    LV2's Presets extension: http://lv2plug.in/ns/ext/presets. Hosts find it in ~/.lv2. Raises
    ExportError where the plugin is no LV2 plugin or the bundle cannot be written.
    """
    uri = setting.plugin.formats.lv2
    if uri is None:
        raise ExportError(f"{setting.plugin.name} is no LV2 plugin; export JSON instead")
    plain = re.sub(r"\W+", "-", f"{setting.plugin.id}-{name}", flags=re.ASCII).strip("-")
    bundle = folder / f"{plain}{BUNDLE_SUFFIX}"
    preset = f"{plain}.ttl"
    ports = " ,\n".join(
        f'        [ lv2:symbol "{spec.symbol}" ; pset:value {setting.values[spec.symbol]:.9g} ]'
        for spec in setting.plugin.parameters
    )
    head = (
        "@prefix lv2: <http://lv2plug.in/ns/lv2core#> .\n"
        "@prefix pset: <http://lv2plug.in/ns/ext/presets#> .\n"
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n\n"
    )
    label = json.dumps(name, ensure_ascii=False)
    _write(
        bundle / "manifest.ttl",
        f"{head}<{preset}>\n    a pset:Preset ;\n    lv2:appliesTo <{uri}> ;\n"
        f"    rdfs:label {label} ;\n    rdfs:seeAlso <{preset}> .\n",
    )
    _write(
        bundle / preset,
        f"{head}<>\n    a pset:Preset ;\n    lv2:appliesTo <{uri}> ;\n"
        f"    rdfs:label {label} ;\n    lv2:port\n{ports} .\n",
    )
    return bundle


def _write(path: Path, words: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(words, encoding="utf-8")
    except OSError as error:
        raise ExportError(
            f"{path}: cannot be written ({error.strerror}); choose another place"
        ) from None
