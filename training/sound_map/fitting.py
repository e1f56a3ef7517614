"""Teach the networks of a sound map, from settings that have their places in it.

The way back from a place is no lookup of neighbours: settings that sound alike share a place, and a
mean of them may sound like none. So the network that goes back is judged by how its answer sounds,
which `Sounds` tells smoothly for any setting, and beside it by the settings themselves, by how
evenly everything moves, and by how much of every parameter's range it still uses.
"""

from collections.abc import Callable, Iterator
from math import pi

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss, normalize

from bridge.arrays import Floats
from training.sound_map.descent import minimise
from training.sound_map.networks import Coding, Locator, ToPosition, ToSetting
from training.sound_map.sounds import Sounds

_BATCH = 192
_STEP = 0.06
"""Of the square's side: over how much of the way evenness is judged."""

# What parts of the loss count, beside the squared error of the sound as a share of its variance:
_SETTINGS = 0.3
"""Squared error of the settings themselves (0..1), and nats of their classes."""
_EVENNESS = 0.03
"""Squared change of pace of the parameters, and of the sound, along a short way."""
_COVERAGE = 15.0
"""Sliced Wasserstein distance (Bonneel et al., J. Math. Imaging Vis. 51, 2015), squared, of the
parameters' distribution over the square from that of the settings."""


def fit_back(
    positions: Floats, settings: Floats, sounds: Sounds, coding: Coding, steps: int = 500
) -> ToSetting:
    """From positions (n, 2) back to settings (n, p)."""
    torch.manual_seed(1)
    network = ToSetting(coding)
    places, codes = torch.from_numpy(positions), coding.encode(torch.from_numpy(settings))
    wanted = sounds.network(codes)
    spread = wanted.var(dim=0).sum()
    columns = coding.continuous

    def loss() -> Tensor:
        rows = torch.randint(len(codes), (_BATCH,))
        answer = coding.soften(network(places[rows]))
        missed = _SETTINGS * coding.missed(answer, codes[rows])
        heard = (sounds.network(answer) - wanted[rows]).square().sum(dim=1).mean() / spread
        three = [coding.soften(network(part)) for part in _ways(_BATCH)]
        uneven = _change_of_pace([code[:, columns] for code in three]).mean()
        heard_uneven = _change_of_pace([sounds.network(code) for code in three]).sum(dim=1).mean()
        missed += heard + _EVENNESS * (uneven + heard_uneven / spread)
        others = codes[torch.randint(len(codes), (_BATCH,))]
        missed += _COVERAGE * _sliced(three[1][:, columns], others[:, columns])
        return missed

    _learn(network, loss, steps)
    return network


def fit_place(
    positions: Floats, settings: Floats, back: ToSetting, coding: Coding, steps: int = 400
) -> ToPosition:
    """From settings (n, p) to positions (n, 2); what `back` answers goes where it came from."""
    torch.manual_seed(2)
    network = ToPosition(coding)
    places, codes = torch.from_numpy(positions), coding.encode(torch.from_numpy(settings))

    def loss() -> Tensor:
        rows = torch.randint(len(codes), (_BATCH,))
        missed = mse_loss(network(codes[rows]), places[rows])
        anywhere = torch.rand(_BATCH, 2)
        with torch.no_grad():
            answers = coding.encode(coding.decode(back(anywhere)))
        return missed + 3 * mse_loss(network(answers), anywhere)

    _learn(network, loss, steps)
    return network


def fit_locator(embeddings: Floats, positions: Floats, steps: int = 400) -> Locator:
    """From embeddings of recordings (n, d) to the positions (n, 2) of what made them."""
    torch.manual_seed(3)
    network = Locator(embeddings.shape[1])
    known, places = torch.from_numpy(embeddings), torch.from_numpy(positions)
    network.standardise(known)

    def loss() -> Tensor:
        rows = torch.randint(len(known), (_BATCH,))
        return mse_loss(network(known[rows]), places[rows])

    _learn(network, loss, steps)
    return network.eval()


def _learn(network: nn.Module, loss: Callable[[], Tensor], steps: int) -> None:
    minimise(network, loss, steps, learning_rate=5e-3, weight_decay=1e-3, gradient_limit=1.0)


def _ways(count: int) -> Iterator[Tensor]:
    """Three places one after the other, (count, 2) each, on short straight ways in the square."""
    middle = _STEP + (1 - 2 * _STEP) * torch.rand(count, 2)
    angle = 2 * pi * torch.rand(count)
    step = _STEP * torch.stack([angle.cos(), angle.sin()], dim=1)
    yield from (middle - step, middle, middle + step)


def _change_of_pace(three: list[Tensor]) -> Tensor:
    """Squared second difference, for each of the numbers."""
    before, middle, after = three
    return ((before - 2 * middle + after) / _STEP).square()


def _sliced(found: Tensor, wanted: Tensor) -> Tensor:
    """Squared sliced Wasserstein distance of rows (n, p) from others, along axes and between."""
    count = found.shape[1]
    if not count:
        return torch.zeros(())
    slices = torch.cat([torch.eye(count), normalize(torch.randn(2 * count, count), dim=1)])
    one, other = ((rows @ slices.T).sort(dim=0).values for rows in (found, wanted))
    return mse_loss(one, other)
