"""Where on the sound map of a single plugin the host, input, reference and prediction are."""

from bridge.control.parameters import Parameters
from bridge.control.resources import Resources
from bridge.control.surface import Surface
from bridge.engine.live import LiveEngine
from bridge.errors import BridgeError
from bridge.estimate.listener import Analysis
from bridge.estimate.sound_map import Position, SoundMap
from bridge.manifest import Setting
from bridge.search.requests import Heard

_SAME = 2e-3
"""Normalised values as near as this are one."""


class MapCursor:
    """Places on the map, one of which the player moves."""

    def __init__(
        self, surface: Surface, engine: LiveEngine, parameters: Parameters, resources: Resources
    ) -> None:
        self._surface, self._engine = surface, engine
        self._parameters, self._resources = parameters, resources
        self._gone_to: tuple[Setting, Position] | None = None
        self._located: tuple[SoundMap, Analysis, Position] | None = None
        """The reference, on the map it was last looked for on."""
        self._heard: tuple[SoundMap, tuple[Heard, ...]] | None = None
        """What is told of them, and on which map."""

    def go(self, x: float, y: float) -> None:
        """Move all predicted parameters to the setting there, for the player.

        Raises BridgeError where there is no map, HostError where no host takes the values.
        """
        if (sound_map := self._map()) is None:
            raise BridgeError(
                "there is no sound map of this chain; for a plugin, run `dafx-train sound-map`"
            )
        setting, (slot,) = sound_map.setting_at(x, y), self._parameters.chain.slots
        self._parameters.set(
            {slot.address(p.symbol): setting.values[p.symbol] for p in slot.plugin.predicted}
        )
        self._gone_to = setting, (x, y)

    def tell(self) -> None:
        """Tell where everything is now."""
        if (sound_map := self._map()) is None:
            return
        engine, reference = self._engine, self._resources.reference
        if engine.control:
            (now,) = engine.control.driver.own.settings
            self._surface.tell("/map", *_rounded(self._of_host(sound_map, now)))
        if engine.played:
            self._surface.tell("/map/input", *_rounded(sound_map.locate(engine.played)))
        if reference:
            self._surface.tell("/map/reference", *self._of_reference(sound_map, reference.analysis))
        if engine.answer:
            (predicted,) = engine.answer.setting.settings
            self._surface.tell("/map/prediction", *_rounded(sound_map.position_of(predicted)))
        self._tell_heard(sound_map, tuple(engine.refinement.heard))

    def _tell_heard(self, sound_map: SoundMap, heard: tuple[Heard, ...]) -> None:
        if self._heard and self._heard[0] is sound_map and self._heard[1] == heard:
            return
        self._heard = sound_map, heard
        told: list[float] = []
        for one in heard:
            (setting,) = one.setting.settings
            told += (*_rounded(sound_map.position_of(setting)), round(one.distance, 3))
        self._surface.tell("/map/heard", *told)

    def _map(self) -> SoundMap | None:
        return self._resources.loaded.sound_map if self._resources.loaded else None

    def _of_reference(self, sound_map: SoundMap, reference: Analysis) -> Position:
        before = self._located
        if before is None or before[0] is not sound_map or before[1] is not reference:
            before = sound_map, reference, _rounded(sound_map.locate(reference))
            self._located = before
        return before[2]

    def _of_host(self, sound_map: SoundMap, now: Setting) -> Position:
        """Where the player has gone to, until a parameter moves."""
        if self._gone_to:
            setting, position = self._gone_to
            pairs = zip(setting.predicted, now.predicted, strict=False)
            if setting.plugin == now.plugin and all(abs(a - b) <= _SAME for a, b in pairs):
                return position
            self._gone_to = None
        return sound_map.position_of(now)


def _rounded(position: Position) -> Position:
    return round(float(position[0]), 4), round(float(position[1]), 4)
