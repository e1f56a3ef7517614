"""The table of the control surface as Markdown: `python -m bridge.control.document`."""

from collections.abc import Iterable

from bridge.control.nodes import NODES, Access, Node, parameter_nodes
from bridge.library import open_library
from bridge.manifest import PluginSpec

_DOES = {Access.READ: "ask", Access.WRITE: "command", Access.BOTH: "set, ask"}


def rows(nodes: Iterable[Node]) -> str:
    """A table of these nodes."""
    lines = ["| address | types | | range | what it is |", "|---|---|---|---|---|"]
    for node in nodes:
        limits = f"{node.limits[0]:g} to {node.limits[1]:g}" if node.limits else ""
        limits = limits or ", ".join(node.choices)
        told = f"{limits} {node.unit}".strip()
        kept = "; kept" if node.kept else ""
        does = _DOES[node.access] + kept
        lines.append(f"| `{node.address}` | {node.types} | {does} | {told} | {node.description} |")
    return "\n".join(lines)


def tables(plugin: PluginSpec) -> str:
    """All nodes, with those of one parameter as an example."""
    symbol = plugin.parameters[0].symbol
    own = [node for node in parameter_nodes(plugin) if node.address.split("/")[2] == symbol]
    example = f"For every parameter, here `{symbol}` of {plugin.name}:"
    return f"{rows(NODES)}\n\n{example}\n\n{rows(own)}\n"


if __name__ == "__main__":
    print(tables(open_library().manifest.plugins[0]), end="")
