"""Encoders and critics, each opened once for all chains that need it."""

from pathlib import Path

from bridge.estimate.kinds import Kinds
from bridge.estimate.listener import Listener
from bridge.library import Library
from bridge.models import Encoder
from bridge.models.critic import Critic


class Ears:
    """What estimators of one library share; a plugin more then costs its own predictor only."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._listeners: dict[Path, Listener] = {}
        self._critics: dict[str, Critic] = {}
        self._kinds: dict[Listener, Kinds] = {}

    def listener(self, encoder_folder: Path) -> Listener:
        """The listener with the encoder in that folder. Raises ModelError where it is corrupt."""
        if encoder_folder not in self._listeners:
            self._listeners[encoder_folder] = Listener(Encoder(encoder_folder))
        return self._listeners[encoder_folder]

    @property
    def newest(self) -> Listener:
        """The listener with the newest layer's encoder. Raises ModelError where it is corrupt."""
        return self.listener(self._library.encoder_folder())

    def critic(self, encoder_sha256: str) -> Critic:
        """The critic for that encoder. Raises ModelError where there is none, or it is corrupt."""
        if encoder_sha256 not in self._critics:
            folder = self._library.critic_folder(encoder_sha256)
            self._critics[encoder_sha256] = Critic(folder, encoder_sha256)
        return self._critics[encoder_sha256]

    def kinds(self, listener: Listener) -> Kinds:
        """The network of kinds for that listener's encoder."""
        if listener not in self._kinds:
            self._kinds[listener] = Kinds(self._library, listener.encoder)
        return self._kinds[listener]
