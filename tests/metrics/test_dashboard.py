"""The Grafana dashboard asks for metrics that exist, by labels that they have."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from tests.metrics.calls import CALL
from voicebot.metrics.meters import Meters

BOARD = json.loads((Path(__file__).parents[2] / "deploy/grafana/voicebot.json").read_text("utf-8"))
GIVEN_BY_PROMETHEUS = {"le", "instance", "job"}
METRIC = re.compile(r"\b((?:voicebot|process)_[a-z_]+)(?:\{([^}]*)\})?")


def exposed() -> dict[str, set[str]]:
    """Every sample's name, and its labels."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    meters = Meters(registry)
    meters.watch("inference_wait_seconds", "…", lambda: 0.0)
    for event in CALL:
        meters("call", event)
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode("utf-8")):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def queries() -> list[str]:
    panels: list[dict[str, Any]] = BOARD["panels"]
    variables = [v["query"]["query"] for v in BOARD["templating"]["list"] if v["type"] == "query"]
    return variables + [target["expr"] for panel in panels for target in panel["targets"]]


def test_every_query_asks_for_a_metric_that_exists() -> None:
    known = exposed()
    asked = queries()
    assert len(asked) >= 20
    for query in asked:
        names = METRIC.findall(query)
        assert names, query
        for name, _ in names:
            assert name in known, f"{name} in {query}"


def test_every_label_in_a_query_is_one_of_the_metrics() -> None:
    known = exposed()
    for query in queries():
        labels = set(re.findall(r"[{,]\s*([a-z_]+)=", query))
        for group in re.findall(r"by \(([^)]*)\)", query):
            labels |= {label.strip() for label in group.split(",")}
        has = set[str]().union(*(known[name] for name, _ in METRIC.findall(query)))
        assert labels <= has | GIVEN_BY_PROMETHEUS, query


def test_every_metric_of_ours_is_on_the_board() -> None:
    ours = {
        re.sub(r"_(total|bucket|count|sum|created)$", "", name)
        for name in exposed()
        if name.startswith("voicebot_")
    }
    shown = {
        re.sub(r"_(total|bucket|count|sum)$", "", name)
        for query in queries()
        for name, _ in METRIC.findall(query)
    }
    assert ours <= shown


def test_the_board_names_no_data_source_of_ours() -> None:
    for panel in BOARD["panels"]:
        assert panel["datasource"]["uid"] == "${datasource}"
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
