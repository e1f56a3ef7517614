"""Several training processes as one: each takes a share of a batch, gradients are averaged.

Started by `torchrun`, which sets the environment; started alone, everything is this process's.
"""

import os
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

_PATIENCE = timedelta(days=2)
"""How long the others wait while process 0 builds the pools."""


def join() -> None:
    """Meet the other processes of `torchrun`; alone, nothing happens."""
    if "WORLD_SIZE" not in os.environ or dist.is_initialized():
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo", timeout=_PATIENCE)


def leave() -> None:
    """Part from the other processes, who may still be at work."""
    if dist.is_initialized():
        dist.destroy_process_group()


def rank() -> int:
    """This process's number; 0 writes the checkpoints."""
    return dist.get_rank() if dist.is_initialized() else 0


def device() -> torch.device:
    """Where to train: this process's GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def wait() -> None:
    """Until every process is here."""
    if dist.is_initialized():
        dist.barrier()


def my_share(rows: np.ndarray) -> np.ndarray:
    """This process's rows of a batch; shares are equal, but for one row."""
    if not dist.is_initialized():
        return rows
    return np.array_split(rows, dist.get_world_size())[dist.get_rank()]


def average(tensors: Sequence[Tensor]) -> None:
    """Replace every tensor by its mean over the processes, who all must give the same ones."""
    if not dist.is_initialized() or not tensors:
        return
    with torch.no_grad():
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        dist.all_reduce(flat)
        flat /= dist.get_world_size()
        parts = flat.split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))
