"""From a training run to a delta file."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import torch

from asr_models.adapt.delta import Delta, apply_delta, save_delta, scaled, sha256_of
from asr_models.adapt.train import STATE
from asr_models.errors import AsrModelError


def export(
    training: Path, base: Path, out: Path, strength: float = 1.0, trained_on: str = ""
) -> str:
    """Write the delta of the run in `training` to `out`; returns the merged model's sha256."""
    path = training / STATE
    if not path.is_file():
        raise AsrModelError(f"adapt: {training} holds no training run ({STATE} is missing)")
    state = torch.load(path, map_location="cpu", weights_only=True)
    down, up = (
        {n: x.detach().to(torch.float16).numpy() for n, x in state[side].items()}
        for side in ("down", "up")
    )
    plan = state["plan"]
    note = {
        "trained_on": trained_on,
        "steps": str(state["done"]),
        "plan": ", ".join(f"{key} {value}" for key, value in plan.items()),
        "strength": f"{strength:g}",
    }
    delta = Delta(down, up, sha256_of(base / "model.bin"), note=note)
    delta = scaled(delta, strength)
    with tempfile.TemporaryDirectory() as folder:
        digest = apply_delta(delta, base, Path(folder))
    save_delta(out, replace(delta, merged_sha256=digest))
    return digest
