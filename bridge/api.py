"""The bridge for other programs: match arrays, follow live playing.

`match` computes on its caller's thread. `Engine.run` is the analysis thread while it runs; devices,
hosts and trying settings have threads and processes of their own, which end with the engine. Their
processes are spawned: a script that uses `Engine` guards its main part with
`if __name__ == "__main__"`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import numpy as np
from numpy.typing import ArrayLike
from platformdirs import PlatformDirs
from typing_extensions import override

from bridge.arrays import Audio
from bridge.chain import Chain, chain_of
from bridge.closing import Closing
from bridge.control.kept_values import Preset
from bridge.control.service import Service, log_fault
from bridge.effects import load_chain
from bridge.engine.session import Status, Summary
from bridge.errors import AudioError
from bridge.estimate.answer import Answer, Closeness
from bridge.estimate.estimator import Estimator
from bridge.library import Library, open_library
from bridge.search.contest import Contest, Ranking, everything
from bridge.search.deadline import Deadline
from bridge.search.matching import Take, find_setting, require_network

_LOG = "engine.log"


@dataclass(frozen=True)
class Match:
    """What `match` has found."""

    answer: Answer
    audio: Audio
    """What was played, through the chain at these values: float32, shaped as it came."""
    tried: int
    """How many settings were rendered and judged."""

    @property
    def values(self) -> dict[str, float]:
        """Real values by address, `SLOT/SYMBOL`, and 0 or 1 for every `SLOT/bypass`."""
        return self.answer.setting.all_values

    @property
    def closeness(self) -> Closeness | None:
        """How near it is; None where nothing was tried."""
        return self.answer.closeness


def match(
    played: ArrayLike,
    reference: ArrayLike,
    sample_rate: float,
    chain: str | Chain,
    *,
    reference_rate: float | None = None,
    budget_s: float = 3.0,
    library: Library | None = None,
) -> Match:
    """Find the setting of a chain that brings what was played to the sound of a reference.

    Audio is (channels, frames) or (frames,), full scale is 1, rates are in Hz; `reference_rate` is
    by itself `sample_rate`. A chain is text such as `mda-overdrive`, `guitar-amp` or
    `mda-overdrive,mda-delay`. Settings are tried for `budget_s` seconds; with 0 the network of a
    single plugin answers alone. The library is by itself what is shipped and what the user added.

    Raises AudioError for what is silent, too short or holds no numbers, ManifestError for an
    unknown chain, EffectError for a plugin that is not installed, ModelError where no network could
    answer alone.
    """
    library = library or open_library()
    if isinstance(chain, str):
        chain = chain_of(chain, library.manifest)
    heard, wanted = _audio(played, "played"), _audio(reference, "reference")
    estimator, effect = Estimator(chain, library), load_chain(chain)
    least_s = estimator.features.least_s
    if heard.shape[1] < least_s * sample_rate:
        raise AudioError(f"played: {least_s:.2f} s are needed; give a longer recording")
    require_network(estimator, budget_s, "budget_s")
    goal = Take(wanted, reference_rate or sample_rate, "reference")
    found = find_setting(estimator, effect, Take(heard, sample_rate, "played"), goal, budget_s)
    processed = found.answer.apply(effect, heard, sample_rate)
    return Match(found.answer, processed.reshape(np.shape(played)), found.tried)


def suggest(
    played: ArrayLike,
    reference: ArrayLike,
    sample_rate: float,
    chains: Sequence[str | Chain] | None = None,
    *,
    reference_rate: float | None = None,
    budget_s: float = 10.0,
    library: Library | None = None,
) -> Ranking:
    """Rank chains by how near they are expected to bring what was played to a reference.

    Arguments as for `match`; without `chains` all plugins and rigs of the library. The first of the
    ranking's `contenders` is what `match` is best given.

    Raises AudioError and ManifestError as `match` does.
    """
    library = library or open_library()
    if chains is None:
        chains = everything(library.manifest)
    known = [chain_of(one, library.manifest) if isinstance(one, str) else one for one in chains]
    heard, wanted = _audio(played, "played"), _audio(reference, "reference")
    contest = Contest(library, (heard, sample_rate), (wanted, reference_rate or sample_rate))
    return contest.run(known, Deadline.after(budget_s))


def _audio(given: ArrayLike, name: str) -> Audio:
    """(channels, frames). Raises AudioError where it is none."""
    audio = np.atleast_2d(np.asarray(given, np.float32))
    if audio.ndim != 2 or not audio.size:
        raise AudioError(
            f"{name}: audio has the shape (channels, frames) or (frames,), not {np.shape(given)}"
        )
    if audio.shape[0] > audio.shape[1]:
        raise AudioError(
            f"{name}: the shape {audio.shape} has more channels than frames; transpose it"
        )
    if not np.isfinite(audio).all():
        raise AudioError(f"{name}: holds samples that are no numbers; leave them out")
    return audio


class Engine(Closing):
    """The live engine in this process: hears a source, and turns a host's knobs.

    Use it in a `with` block. At its end the host has its own values back, unless `keep` is said.
    """

    def __init__(
        self,
        source: str | Path,
        reference: str | Path,
        chain: str | Chain,
        host: str,
        *,
        amount: float = 1.0,
        rendering: bool = True,
        keep: bool = False,
        library: Library | None = None,
    ) -> None:
        """Blocking, until all is there.

        `source` is a sound device by name or index, `jack`, or a file that is played once as if
        live; `host` a URL such as `ardour://127.0.0.1:3819/guitar`, or `embedded` for an effect
        host of its own. An `amount` of 0 keeps the host's values, 1 takes the prediction. Without
        `rendering` the network answers alone.

        Raises the BridgeError of what is not there.
        """
        dirs = PlatformDirs("dafx-bridge", appauthor=False)
        wanted: dict[str, tuple[str | float, ...]] = {
            "/source": (str(source),),
            "/reference": (str(reference),),
            "/chain": (chain if isinstance(chain, str) else chain.id,),
            "/host": (host,),
            "/amount": (amount,),
            "/rendering": (int(rendering),),
        }
        self._keep = keep
        self._stop = Event()
        self._service = Service(
            0,
            library or open_library(),
            Path(dirs.user_config_dir),
            Path(dirs.user_log_dir) / _LOG,
            Preset(wanted, restore=not keep),
        )
        try:
            self._service.get_ready()
        except BaseException:
            self._service.close()
            raise

    def run(
        self, seconds: float | None = None, on_status: Callable[[Status], None] = log_fault
    ) -> Summary:
        """Blocking: follow for so long, or until the source ends or `stop` is called.

        `on_status` is called four times a second, on this thread.
        """
        try:
            return self._service.run(self._stop, seconds, on_status)
        finally:
            if not self._keep:
                self._service.revert()

    def stop(self) -> None:
        """Have `run` return; from any thread."""
        self._stop.set()

    @override
    def close(self) -> None:
        self._service.close()
