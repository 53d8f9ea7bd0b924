"""The E-model of ITU-T G.107 (06/2015): what loss and delay do to a call, as R and as MOS.

Narrowband, with the default of every parameter that a packet network does not change (Table 2 of
G.107: loudness, sidetone, room and circuit noise, TELR 65 dB, WEPL 110 dB). Equipment
impairment comes from the provisional planning values of ITU-T G.113 (11/2007) Appendix I.

G.722 counts as G.711 here: on a line of 8 kHz its upper band is thrown away, and G.113 has no
narrowband value for it (its Appendix IV is for the wideband scale of G.107.1).

The model was made to plan networks, not to judge one call: take the figure as a ranking.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

RO = 94.77
"""Basic signal-to-noise ratio at G.107's defaults, clause 7.2."""
IS = 1.41
"""Simultaneous impairment at G.107's defaults, clause 7.3."""
_NO = -61.18  # the noise behind RO, dBm0p: RO = 15 - 1.5 (SLR + NO), SLR 8 dB
_RLR, _TELR, _WEPL = 2.0, 65.0, 110.0
_MAX_BURST_RATIO = 2.0  # beyond it Annex A has the model proved for small loss only
_SMALL_LOSS_PERCENT = 2.0


@dataclass(frozen=True)
class Equipment:
    """A codec with its receiver: `ie` without loss, `bpl` how well it bears loss."""

    ie: float
    bpl: float


G711_SILENCE = Equipment(ie=0.0, bpl=4.3)
"""G.711 whose lost packets are silence. G.113 Appendix I, 10 ms packets, random loss."""
G711_CONCEALED = Equipment(ie=0.0, bpl=25.1)
"""G.711 with the concealment of its Appendix I. G.113 Appendix I, 10 ms packets, random loss."""


def equipment_impairment(
    equipment: Equipment, loss_percent: float, burst_ratio: float = 1.0
) -> float:
    """Ie,eff of G.107 clause 7.5.

    `burst_ratio` is the mean length of the runs of lost packets over that of random loss: 1 for
    random loss. It is held to 2 where the loss is 2 % or more (G.107 Annex A).
    """
    if loss_percent >= _SMALL_LOSS_PERCENT:
        burst_ratio = min(burst_ratio, _MAX_BURST_RATIO)
    if loss_percent <= 0:
        return equipment.ie
    share = loss_percent / (loss_percent / max(burst_ratio, 1.0) + equipment.bpl)
    return equipment.ie + (95 - equipment.ie) * min(share, 1.0)


def delay_impairment(delay_ms: float) -> float:
    """Id of G.107 clause 7.4: talker echo, listener echo and plain delay.

    `delay_ms` is the one-way delay from mouth to ear; the echo path is taken as equally long.
    """
    return _talker_echo(delay_ms) + _listener_echo(2 * delay_ms) + _too_long(delay_ms)


def _talker_echo(delay_ms: float) -> float:
    if delay_ms < 1:
        return 0.0
    loss_db = _TELR - 40 * math.log10((1 + delay_ms / 10) / (1 + delay_ms / 150))
    loss_db += 6 * math.exp(-0.3 * delay_ms**2)
    heard = 80 + 2.5 * (loss_db - 14)
    half = (-1.5 * (_NO - _RLR) - heard) / 2
    # Within the first few ms the formula goes a little below nothing.
    return max(0.0, (half + math.sqrt(half**2 + 100) - 1) * (1 - math.exp(-delay_ms)))


def _listener_echo(round_trip_ms: float) -> float:
    half = (RO - 10.5 * (_WEPL + 7) * (round_trip_ms + 1) ** -0.25) / 2
    return float(half + math.sqrt(half**2 + 169))


def _too_long(delay_ms: float) -> float:
    if delay_ms <= 100:
        return 0.0
    x = math.log2(delay_ms / 100)
    sixth = 1 / 6
    return float(25 * ((1 + x**6) ** sixth - 3 * (1 + (x / 3) ** 6) ** sixth + 2))


def rating(
    equipment: Equipment,
    *,
    loss_percent: float = 0.0,
    delay_ms: float = 0.0,
    burst_ratio: float = 1.0,
) -> float:
    """R of G.107 clause 7.1, at most 93.2 here; below 50 hardly anybody is content."""
    loss = equipment_impairment(equipment, loss_percent, burst_ratio)
    return RO - IS - delay_impairment(delay_ms) - loss


def mos(r: float) -> float:
    """The mean opinion score (MOS-CQE, 1 to 4.5) that R stands for: G.107 Annex B."""
    if r <= 0:
        return 1.0
    if r >= 100:
        return 4.5
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)
