"""`dafx-bridge plugins`: the manifest, as it stands on this computer."""

from rich.console import Console
from rich.table import Table

from bridge.cli.options import JsonOption, echo_json
from bridge.effects import load_effect
from bridge.errors import EffectError
from bridge.library import open_library
from bridge.manifest import PluginSpec

EXAMPLES = """\
  dafx-bridge plugins
  dafx-bridge plugins --json"""


def command(as_json: JsonOption = False) -> None:
    """List the plugins of the manifest: whether they are installed and have a model."""
    plugins = open_library().manifest.plugins
    if as_json:
        echo_json(
            [
                {
                    "id": plugin.id,
                    "name": plugin.name,
                    "kind": plugin.kind,
                    "installed": not _fault(plugin),
                    "model": plugin.model,
                    "parameters": [p.model_dump(mode="json") for p in plugin.parameters],
                }
                for plugin in plugins
            ]
        )
        return
    table = Table("id", "name", "kind", "installed", "model", "parameters")
    for plugin in plugins:
        table.add_row(
            plugin.id,
            plugin.name,
            plugin.kind,
            _fault(plugin) or "yes",
            plugin.model or "none yet",
            ", ".join(p.symbol for p in plugin.parameters),
        )
    Console().print(table)


def _fault(plugin: PluginSpec) -> str:
    """Why the plugin cannot be loaded; empty where it can."""
    try:
        load_effect(plugin)
    except EffectError as error:
        return str(error)
    return ""
