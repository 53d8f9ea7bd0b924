"""Low-rank additions to frozen matrices.

Source: Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models". The second factor
begins at zero, so that training begins with the base model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor


class Lora:
    """For every named matrix W factors `down` (rank, in), `up` (out, rank): W + up @ down."""

    def __init__(
        self, shapes: Mapping[str, tuple[int, int]], rank: int, *, seed: int, device: str
    ) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.down: dict[str, Tensor] = {}
        self.up: dict[str, Tensor] = {}
        for name, (outputs, inputs) in shapes.items():
            start = torch.randn(rank, inputs, generator=generator) / math.sqrt(inputs)
            self.down[name] = start.to(device).requires_grad_()
            self.up[name] = torch.zeros(outputs, rank, device=device).requires_grad_()

    def __call__(self, name: str, x: Tensor) -> Tensor | float:
        """The addition to the output of matrix `name` for input `x`; 0 where there is none."""
        if name not in self.down:
            return 0.0
        return (x @ self.down[name].to(x.dtype).T) @ self.up[name].to(x.dtype).T

    def parameters(self) -> list[Tensor]:
        return [*self.down.values(), *self.up.values()]
