"""The published method's network with random weights, to be timed beside the bridge's.

    python -m training.predecessor PARAMETERS ROUNDS

Grant, *Style Transfer for Non-differentiable Audio Effects* (AES 155, 2023): a convolutional
encoder makes an embedding of the magnitude spectrogram of 5.46 s at 24 kHz, one of the input and
one of the reference, and a controller maps both to the parameters. Prints the milliseconds of
every prediction, spectrograms included, on one thread.
"""

import json
import sys
import time
from itertools import pairwise

import torch
from torch import Tensor, nn

SAMPLE_RATE = 24_000
CLIP_FRAMES = 131_072
FFT_FRAMES, WINDOW_FRAMES, HOP_FRAMES = 4_096, 2_048, 1_024
CHANNELS = (1, 8, 16, 32, 32)
FLAT = 32 * 9 * 129
"""Of the picture after four convolutions of stride 2."""
LATENT = 128
HIDDEN = (128, 128, 64, 32)


class Encoder(nn.Module):
    """Audio (n, CLIP_FRAMES) to an embedding (n, LATENT): 9.5 million weights."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise(CHANNELS):
            layers += [nn.Conv2d(before, after, 3, 2, 1), nn.ReLU(), nn.BatchNorm2d(after)]
        self.convolutions = nn.Sequential(*layers, nn.Flatten())
        self.mean = nn.Linear(FLAT, LATENT)
        self.log_variance = nn.Linear(FLAT, LATENT)
        self.window = nn.Buffer(torch.hann_window(WINDOW_FRAMES))

    def forward(self, audio: Tensor) -> Tensor:
        """Drawn from the latent's distribution, as the method does."""
        spectrum = torch.stft(
            audio / audio.abs().amax(),
            FFT_FRAMES,
            HOP_FRAMES,
            WINDOW_FRAMES,
            self.window,
            return_complex=True,
        )
        picture = (spectrum.abs() + 1e-8) ** 0.3
        picture = ((picture - picture.mean()) / picture.std()).transpose(1, 2)
        flat = self.convolutions(picture[:, None])
        deviation = (self.log_variance(flat) / 2).exp()
        drawn: Tensor = self.mean(flat) + deviation * torch.randn_like(deviation)
        return drawn


class Predecessor(nn.Module):
    """Input and reference (n, CLIP_FRAMES) to normalised parameters (n, parameters)."""

    def __init__(self, parameters: int) -> None:
        super().__init__()
        self.encoder = Encoder()
        layers: list[nn.Module] = []
        sizes = (2 * LATENT, *HIDDEN)
        for before, after in pairwise(sizes):
            layers += [nn.Linear(before, after), nn.LayerNorm(after), nn.LeakyReLU()]
        self.controller = nn.Sequential(*layers, nn.Linear(HIDDEN[-1], parameters))

    def forward(self, played: Tensor, reference: Tensor) -> Tensor:
        """Clamped to 0.05..0.95, as the method does."""
        both = torch.cat([self.encoder(played), self.encoder(reference)], dim=1)
        return torch.sigmoid(self.controller(both)).clamp(0.05, 0.95)


@torch.inference_mode()
def times_ms(parameters: int, rounds: int) -> list[float]:
    """Milliseconds of every prediction after the first."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = Predecessor(parameters).eval()
    played, reference = torch.randn(2, 1, CLIP_FRAMES)
    found = []
    for _ in range(rounds + 1):
        started = time.perf_counter()
        network(played, reference)
        found.append(1000 * (time.perf_counter() - started))
    return found[1:]


if __name__ == "__main__":
    _parameters, _rounds = map(int, sys.argv[1:])
    print(json.dumps({"times_ms": times_ms(_parameters, _rounds)}))
