"""The trained critic to `exported_models/`: ONNX with any batch, card and golden outputs."""

from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from bridge.library import CRITIC_FOLDER, ENCODER_FOLDER
from bridge.models.cards import CriticCard, EncoderCard, Foretelling, read_card
from bridge.search.comparison import COMPARISON_SIZE
from training.critic.fit import Table
from training.critic.networks import CriticNetwork
from training.export import sources, write_card, write_model

_GOLDEN = 4


def export_critic(
    experiment: str,
    network: CriticNetwork,
    table: Table,
    cases: int,
    cautious: float,
    metrics: dict[str, float],
    corpus: Path,
    models: Path,
    encoder_of: Path | None = None,
    foretelling: Foretelling | None = None,
) -> None:
    """Write the critic below `models`, beside the encoder that it hears with.

    The encoder may lie below another folder, `encoder_of`.

    `table` are validation rows, of which the first become golden; `cases` is from how many it has
    learned. Raises TrainingError where ONNX Runtime's answers differ from PyTorch's.
    """
    encoder = read_card((encoder_of or models) / ENCODER_FOLDER, EncoderCard)
    some = torch.from_numpy(table.comparisons[:_GOLDEN].astype(np.float32))
    with TemporaryDirectory(dir=models) as scratch:
        folder = Path(scratch) / CRITIC_FOLDER
        sha256 = write_model(
            folder, network.cpu().eval(), ("comparison",), (some,), ("quantiles",), "candidates"
        )
        shared = encoder.model_dump(exclude={"kind", "experiment", "metrics", "sha256"})
        card = CriticCard(
            **shared
            | {
                "experiment": experiment,
                "training_data": sources(corpus),
                "metrics": metrics,
                "sha256": sha256,
                "versions": {
                    name: version(name) for name in ("dafx-bridge", "torch", "onnx", "onnxruntime")
                },
            },
            encoder_sha256=encoder.sha256,
            comparison_size=COMPARISON_SIZE,
            cases=cases,
            cautious=cautious,
            foretelling=foretelling or Foretelling(),
        )
        write_card(folder, card)
        target = models / CRITIC_FOLDER
        target.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.replace(target / path.name)
