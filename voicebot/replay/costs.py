"""What computing costs in virtual time: a declared table, so that every run gives the same result.

A replay that let computing take its real time would give other results on a busy machine, and none
twice. So each job is charged what this table says, whatever it took; the table was measured once
(``costs.toml`` says where) and is frozen. ``--wire`` measures what a machine really does.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import inf
from pathlib import Path

from voicebot.errors import VoicebotError

TABLE = Path(__file__).with_name("costs.toml")


class CostsError(VoicebotError):
    """A cost table that is not as it should be."""


@dataclass(frozen=True)
class Costs:
    """Milliseconds of a worker, and per second of audio read or made.

    `voice_first_ms` is to the first sound of a clause, `voice_ms_per_s` what a second of sound
    after it costs; `other_ms` is any stage's that is not named, `stages` those that are.
    """

    quick_ms: float
    quick_ms_per_s: float
    final_ms: float
    final_ms_per_s: float
    voice_first_ms: float
    voice_ms_per_s: float
    other_ms: float
    stages: Mapping[str, float]

    def stage_ms(self, stage: str) -> float:
        """Of a job that is neither ears nor voice: those charge themselves."""
        return self.stages.get(stage, self.other_ms)

    def estimate_ms(self, stage: str) -> float:
        """What the turn's budget is told that a stage takes: of a usual sentence, 2 s long."""
        usual_s = 2.0
        return {
            "quick asr": self.quick_ms + usual_s * self.quick_ms_per_s,
            "partial asr": self.quick_ms + usual_s * self.quick_ms_per_s,
            "asr": self.final_ms + usual_s * self.final_ms_per_s,
            "first sound": self.voice_first_ms,
            "voice": self.voice_first_ms + usual_s * self.voice_ms_per_s,
        }.get(stage, self.stage_ms(stage))


def load_costs(path: Path | None = None) -> Costs:
    """Read a table; None: the one that comes with the bot. Raises CostsError, one line."""
    file = path or TABLE
    try:
        tree = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CostsError(f"{file}: no table of costs can be read here: {error}") from None
    stages = tree.pop("stages", {})
    names = {each.name for each in fields(Costs)} - {"stages"}
    if set(tree) != names or not isinstance(stages, dict):
        raise CostsError(
            f"{file}: expected the keys {', '.join(sorted(names))} and a table [stages], "
            f"got {', '.join(sorted(tree)) or 'nothing'}"
        )
    for name, value in (*tree.items(), *stages.items()):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < inf:
            raise CostsError(f"{file}: {name}: milliseconds of 0 or more are expected: {value!r}")
    return Costs(stages={k: float(v) for k, v in stages.items()}, **tree)
