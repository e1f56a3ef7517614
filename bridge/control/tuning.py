"""How the player wants to be followed, as the values of the control surface say it."""

from collections.abc import Mapping

from bridge.chain import Chain
from bridge.control.nodes import Leaf, Value, node_address
from bridge.control.slots import addresses
from bridge.drive.settings import LiveSettings
from bridge.drive.smoothing import Glide


def live_settings(values: Mapping[str, Value], chain: Chain | None) -> LiveSettings:
    """The settings of a chain whose nodes are on the surface; without one, the general ones."""

    def number(address: str) -> float:
        return float(values[address][0])

    def own(address: str, leaf: Leaf, general: float) -> float:
        told = number(node_address(address, leaf))
        return told if told >= 0 else general

    general = Glide(number("/attack"), number("/smoothing"), number("/slew"))
    glides = {
        parameter.address: Glide(
            own(parameter.address, Leaf.ATTACK, general.attack_s),
            own(parameter.address, Leaf.SMOOTHING, general.release_s),
            own(parameter.address, Leaf.SLEW, general.slew_s),
        )
        for parameter in (chain.predicted if chain else ())
    }
    locked = frozenset(
        address
        for address in addresses(chain.slots if chain else ())
        if number(node_address(address, Leaf.LOCK))
    )
    return LiveSettings(number("/amount"), number("/averaging"), general, glides, locked)
