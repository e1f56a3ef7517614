"""A chain with all that answers for it."""

import logging
from dataclasses import dataclass

from typing_extensions import override

from bridge.chain import Chain
from bridge.closing import Closing
from bridge.errors import ModelError
from bridge.estimate.estimator import Estimator
from bridge.estimate.sound_map import SoundMap, load_map
from bridge.library import Library
from bridge.search.worker import SearchWorker

_log = logging.getLogger(__name__)


@dataclass
class LoadedChain(Closing):
    """What answers for one chain."""

    estimator: Estimator
    decider: SearchWorker | None
    """None where nothing is tried by rendering."""
    sound_map: SoundMap | None
    """None where there is none, as for a chain of several."""

    @property
    def chain(self) -> Chain:
        """The chain."""
        return self.estimator.chain

    @property
    def unable(self) -> ModelError | None:
        """Why it cannot be matched; None where it can."""
        if self.estimator.trained or self.decider:
            return None
        return ModelError(
            f"{self.chain.name} can only be matched by rendering, as no model is trained for it;"
            " turn rendering on"
        )

    @override
    def close(self) -> None:
        if self.decider:
            self.decider.close()


def load_chain_models(chain: Chain, library: Library, rendering: bool) -> LoadedChain:
    """Blocking: what answers for a chain, warm. Raises ModelError where a model does not fit."""
    estimator = Estimator(chain, library)
    estimator.warm_up()
    decider = SearchWorker(chain, library) if rendering else None
    return LoadedChain(estimator, decider, _map_of(chain, library))


def _map_of(chain: Chain, library: Library) -> SoundMap | None:
    """Of a chain of one, where its plugin has a map."""
    plugin = chain.slots[0].plugin
    if len(chain.slots) > 1 or plugin.model is None:
        return None
    try:
        return load_map(plugin, library)
    except ModelError as error:
        _log.info("no sound map: %s", error)
        return None
