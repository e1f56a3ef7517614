"""How likely each family of effects is to have made a reference, by the network of kinds."""

from collections.abc import Mapping

from bridge.chain import Chain
from bridge.errors import ModelError
from bridge.estimate.listener import Analysis
from bridge.kinds import KINDS, LEARNED, family_of
from bridge.library import Library
from bridge.models import Encoder, Predictor, needed_encoder

Shares = Mapping[str, float]
"""By family."""


class Kinds:
    """Says nothing where there is no network for the encoder."""

    def __init__(self, library: Library, encoder: Encoder) -> None:
        """Raises ModelError where the network is there and corrupt."""
        self._predictor: Predictor | None = None
        try:
            folder = library.predictor_folder(KINDS)
        except ModelError:
            return
        if folder and needed_encoder(folder) == encoder.card.sha256:
            self._predictor = Predictor(folder, KINDS, encoder.card)

    def shares(self, played: Analysis, reference: Analysis, sample_rate: float) -> Shares:
        """The probability of each family, given that there is an effect; empty where unknown."""
        if self._predictor is None:
            return {}
        found = self._predictor.predict(
            played.embedding,
            reference.embedding,
            played.levels,
            reference.levels,
            sample_rate,
        )
        return dict(zip(LEARNED, found.posterior[0][: len(LEARNED)].tolist(), strict=True))


def share_of(chain: Chain, shares: Shares) -> float | None:
    """The probability of a chain's family; None of what is no single effect, or not known."""
    if len(chain.slots) > 1:
        return None
    return shares.get(family_of(chain.slots[0].plugin.kind) or "")
