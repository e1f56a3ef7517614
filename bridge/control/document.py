"""The table of the control surface as Markdown: `python -m bridge.control.document`."""

from collections.abc import Iterable

from bridge.chain import Chain
from bridge.control.nodes import NODES, Access, Node, chain_nodes
from bridge.library import Library

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


def tables(chain: Chain) -> str:
    """All nodes, with those of one parameter, one bypass and one slot as examples."""
    slot = chain.slots[0]
    parameter, switch = chain.parameters[0].address, chain.switches[0]
    nodes = list(chain_nodes(chain))
    examples = (
        (f"For every parameter of every slot, here `{parameter}`:", parameter),
        (f"For every slot's bypass, here `{switch}`:", switch),
        (f"For every slot, here `{slot.id}`:", slot.id),
    )
    told = [f"{what}\n\n{rows(n for n in nodes if n.of == of)}" for what, of in examples]
    return "\n\n".join([rows(NODES), *told]) + "\n"


if __name__ == "__main__":
    # What is shipped alone, so that the document is the same on every computer.
    print(tables(Chain.of_plugin(Library().manifest.plugins[0])), end="")
