"""The E-model against what ITU-T publishes, and against its formulas computed in full."""

from __future__ import annotations

import math

import pytest

from telephony import emodel
from telephony.emodel import G711_CONCEALED, G711_SILENCE


def test_the_default_rating_is_the_published_one() -> None:
    """G.107 clause 7.7: all parameters at their defaults give R = 93.2."""
    assert emodel.rating(G711_SILENCE) == pytest.approx(93.2, abs=0.05)
    assert emodel.mos(93.2) == pytest.approx(4.41, abs=0.005)


def test_the_constants_are_what_the_formulas_of_clause_7_give() -> None:
    slr, rlr, stmr, telr, nc, nfor, ps, pr = 8.0, 2.0, 15.0, 65.0, -70.0, -64.0, 35.0, 35.0
    olr = slr + rlr
    nos = ps - slr - 3 - 100 + 0.004 * (ps - olr - 3 - 14) ** 2
    pre = pr + 10 * math.log10(1 + 10 ** ((10 - (stmr + 3)) / 10))
    nor = rlr - 121 + pre + 0.008 * (pre - 35) ** 2
    no = 10 * math.log10(sum(10 ** (x / 10) for x in (nc, nos, nor, nfor + rlr)))
    ro = 15 - 1.5 * (slr + no)
    loud = olr + 0.2 * (64 + no - rlr)
    olr_part = 20 * ((1 + (loud / 8) ** 8) ** (1 / 8) - loud / 8)
    tone = -10 * math.log10(10 ** (-stmr / 10) + 10 ** (-telr / 10))
    sidetone = (
        12 * (1 + ((tone - 13) / 6) ** 8) ** (1 / 8)
        - 28 * (1 + ((tone + 1) / 19.4) ** 35) ** (1 / 35)
        - 13 * (1 + ((tone - 3) / 33) ** 13) ** (1 / 13)
        + 29
    )
    q = 37.0
    g = 1.07 + 0.258 * q + 0.0602 * q**2
    y, z = (ro - 100) / 15 + 46 / 8.4 - g / 9, 46 / 30 - g / 40
    quantizing = 15 * math.log10(1 + 10**y + 10**z)
    assert pytest.approx(ro, abs=0.01) == emodel.RO
    assert pytest.approx(olr_part + sidetone + quantizing, abs=0.01) == emodel.IS


@pytest.mark.parametrize(
    ("r", "mos"), [(90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58), (0, 1.0), (100, 4.5)]
)
def test_mos_of_r_is_the_table_of_g107_annex_b(r: float, mos: float) -> None:
    assert emodel.mos(r) == pytest.approx(mos, abs=0.007)


@pytest.mark.parametrize("delay_ms", [20, 50, 100, 150, 177, 200, 250, 300])
def test_delay_costs_what_the_known_fit_of_the_model_says(delay_ms: float) -> None:
    """Cole and Rosenbluth (2001) fitted Id at the defaults: 0.024 d + 0.11 (d - 177.3) above."""
    fit = 0.024 * delay_ms + 0.11 * max(0.0, delay_ms - 177.3)
    assert emodel.delay_impairment(delay_ms) == pytest.approx(fit, abs=1.1)


@pytest.mark.parametrize(
    ("loss_percent", "impairment"), [(1, 5), (2, 7), (3, 10), (5, 15), (7, 20), (10, 25), (15, 35)]
)
def test_concealed_loss_costs_what_g113_lists(loss_percent: float, impairment: float) -> None:
    """Ie of G.711 with concealment under random loss: the list that Bpl 25.1 was fitted to."""
    found = emodel.equipment_impairment(G711_CONCEALED, loss_percent)
    assert found == pytest.approx(impairment, abs=2.2)


def test_bursts_cost_more_and_only_within_what_annex_a_has_proved() -> None:
    random = emodel.equipment_impairment(G711_SILENCE, 5)
    assert random == pytest.approx(95 * 5 / 9.3)
    doubled = emodel.equipment_impairment(G711_SILENCE, 5, burst_ratio=2)
    assert doubled == pytest.approx(95 * 5 / 6.8)
    assert emodel.equipment_impairment(G711_SILENCE, 5, burst_ratio=9) == doubled
    assert emodel.equipment_impairment(G711_SILENCE, 1, burst_ratio=9) > 95 / 4.8
    assert emodel.equipment_impairment(G711_SILENCE, 100, burst_ratio=9) <= 95


def test_more_loss_and_more_delay_never_sound_better() -> None:
    by_loss = [emodel.mos(emodel.rating(G711_SILENCE, loss_percent=x)) for x in range(101)]
    by_delay = [emodel.mos(emodel.rating(G711_SILENCE, delay_ms=x)) for x in range(1000)]
    assert by_loss == sorted(by_loss, reverse=True)
    assert by_delay == sorted(by_delay, reverse=True)
    assert all(1.0 <= mos <= 4.5 for mos in by_loss + by_delay)
