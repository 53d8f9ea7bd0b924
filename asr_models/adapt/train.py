"""Train low-rank additions to a Whisper; resumable, on a CPU or a GPU."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F

from asr_models.adapt.corpus import Clip, Corpus
from asr_models.adapt.ct2_file import Ct2Model, read_ct2
from asr_models.adapt.lessons import IGNORED, Batch, Teacher
from asr_models.adapt.lora import Lora
from asr_models.adapt.network import Network
from asr_models.errors import AsrModelError

STATE = "state.pt"
_SAVE_EVERY = 25
_CLIP_NORM = 1.0


@dataclass(frozen=True)
class Plan:
    """How to train. `encoder_layers` counts from the top; the decoder is adapted in all.

    `minutes` ends training sooner, with the learning rate brought down in time (0: no limit).
    """

    epochs: int = 1
    minutes: float = 0.0
    batch: int = 8
    rank: int = 8
    encoder_layers: int = 2
    learning_rate: float = 1e-3
    warmup_steps: int = 30
    smoothing: float = 0.05
    seed: int = 1
    device: str = "cpu"
    bfloat16: bool = True


@dataclass(frozen=True)
class Step:
    """Where training is: `loss` is a token's mean cross-entropy in this batch."""

    step: int
    steps: int
    loss: float


class Trainer:
    """One training run in the folder `out`; an interrupted one goes on from its last save."""

    def __init__(
        self, base: Path, corpus: Corpus, clips: Sequence[Clip], out: Path, plan: Plan
    ) -> None:
        if not clips:
            raise AsrModelError("adapt: expected recordings to train on, found none")
        model = read_ct2(base / "model.bin")
        self._clips, self._out, self._plan = clips, out, plan
        self._teacher = Teacher(base, corpus, seed=plan.seed)
        shapes = adapted_matrices(model, plan.encoder_layers)
        self.lora = Lora(shapes, plan.rank, seed=plan.seed, device=plan.device)
        kind = torch.bfloat16 if plan.bfloat16 else torch.float32
        self._network = Network(model, self.lora, device=plan.device, kind=kind)
        self._frozen = self._network.encoder_layers - plan.encoder_layers
        self._per_epoch = math.ceil(len(clips) / plan.batch)
        self.steps = self._per_epoch * plan.epochs
        self._optimizer = torch.optim.AdamW(
            self.lora.parameters(), lr=plan.learning_rate, weight_decay=0.01
        )
        self._done = 0
        self._spent_s = 0.0
        self._resume()

    def run(self) -> Iterator[Step]:
        """Train to the end of the plan, yielding every step."""
        while self.progress < 1.0:
            epoch, skip = divmod(self._done, self._per_epoch)
            for batch in self._teacher.batches(self._clips, epoch, self._plan.batch, skip):
                started = time.monotonic()
                loss = self._step(batch)
                self._done += 1
                self._spent_s += time.monotonic() - started
                if self._done % _SAVE_EVERY == 0 or self.progress >= 1.0:
                    self.save()
                yield Step(self._done, self.steps, loss)
                if self.progress >= 1.0:
                    return

    @property
    def progress(self) -> float:
        """How much of the plan is done (1: all): its steps, or its minutes."""
        limit_s = self._plan.minutes * 60
        return max(self._done / self.steps, self._spent_s / limit_s if limit_s else 0.0)

    def _step(self, batch: Batch) -> float:
        rate = self._rate()
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        loss = self._loss(batch)
        self._optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.lora.parameters(), _CLIP_NORM)
        self._optimizer.step()
        return float(loss.detach())

    def _rate(self) -> float:
        warm = min(1.0, (self._done + 1) / max(1, self._plan.warmup_steps))
        cosine = 0.5 * (1 + math.cos(math.pi * self.progress))
        return self._plan.learning_rate * warm * cosine

    def _loss(self, batch: Batch) -> torch.Tensor:
        device = self._plan.device
        mel, ids = torch.from_numpy(batch.mel).to(device), torch.from_numpy(batch.ids).to(device)
        targets = torch.from_numpy(batch.targets).to(device)
        wanted = targets != IGNORED
        with torch.no_grad():
            below = self._network.encode(self._network.encoder_input(mel), 0, self._frozen)
        memory = self._network.encode(below, self._frozen)
        logits = self._network.decode(memory, ids, wanted)
        return F.cross_entropy(logits, targets[wanted], label_smoothing=self._plan.smoothing)

    def save(self) -> None:
        """Keep where training is, whole or not at all."""
        self._out.mkdir(parents=True, exist_ok=True)
        state = {
            "plan": asdict(self._plan),
            "clips": len(self._clips),
            "done": self._done,
            "spent_s": self._spent_s,
            "down": self.lora.down,
            "up": self.lora.up,
            "optimizer": self._optimizer.state_dict(),
        }
        fresh = self._out / (STATE + ".new")
        torch.save(state, fresh)
        fresh.replace(self._out / STATE)

    def _resume(self) -> None:
        path = self._out / STATE
        if not path.is_file():
            return
        state = torch.load(path, map_location=self._plan.device, weights_only=True)
        if state["plan"] != asdict(self._plan) or state["clips"] != len(self._clips):
            raise AsrModelError(
                f"adapt: {path} is of a run with other settings or recordings; "
                "give those again to go on with it, or another --out"
            )
        with torch.no_grad():
            for name in self.lora.down:
                self.lora.down[name].copy_(state["down"][name])
                self.lora.up[name].copy_(state["up"][name])
        self._optimizer.load_state_dict(state["optimizer"])
        self._done = int(state["done"])
        self._spent_s = float(state["spent_s"])


def adapted_matrices(model: Ct2Model, encoder_layers: int) -> dict[str, tuple[int, int]]:
    """Name and shape of the matrices to adapt: the decoder's, and the top encoder layers'."""
    top = len({n.split("/")[1] for n in model.variables if n.startswith("encoder/layer_")}) - 1
    sides = ["decoder/layer_"]
    sides += [f"encoder/layer_{top - 1 - i}/" for i in range(encoder_layers)]
    return {
        name.removesuffix("/weight"): (values.shape[0], values.shape[1])
        for name, values in model.variables.items()
        if name.endswith("/weight") and values.ndim == 2 and name.startswith(tuple(sides))
    }


def use_threads(count: int) -> None:
    """Use `count` threads of the CPU (0: as torch decides)."""
    if count:
        torch.set_num_threads(count)
