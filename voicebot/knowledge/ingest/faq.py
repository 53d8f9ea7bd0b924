"""FAQ files: a YAML list of questions with an answer, told apart from documents by suffix."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from voicebot.knowledge.ingest.files import FileReport
from voicebot.knowledge.ingest.finding import find_files
from voicebot.pack import FAQ_STATES, Faq

SUFFIXES = (".yaml", ".yml")
_TEXTS = ("id", "question", "answer", "product", "status", "source")
_REQUIRED = ("id", "question", "answer")
_DAYS = {"from": "valid_from", "until": "valid_until"}


def read_sources(paths: Iterable[Path]) -> tuple[list[Faq], list[FileReport], list[Path]]:
    """Split files and folders into FAQ (read), their reports, and the paths that are documents.

    A folder that holds FAQ files is replaced by its other files.
    """
    faq: list[Faq] = []
    reports: list[FileReport] = []
    documents: list[Path] = []
    for path in paths:
        found = [file for file, _ in find_files([path])]
        yamls = [file for file in found if file.suffix.lower() in SUFFIXES]
        for file in yamls:
            items, report = read_faq(file)
            faq += items
            reports.append(report)
        documents += [file for file in found if file not in yamls] if yamls else [path]
    return faq, reports, documents


def read_faq(path: Path) -> tuple[list[Faq], FileReport]:
    """The FAQ of one file. Bad items are reported and skipped."""
    try:
        items = yaml.safe_load(path.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problem = f"cannot be read as YAML: {' '.join(str(error).split())}"
        return [], FileReport(str(path), 0, (problem,))
    if not isinstance(items, list):
        problem = f"expected a list of FAQ, got {type(items).__name__}"
        return [], FileReport(str(path), 0, (problem,))
    faq: list[Faq] = []
    problems: list[str] = []
    for number, fields in enumerate(items, start=1):
        problem = _problem(fields)
        if problem:
            problems.append(f"item {number}: {problem}")
        else:
            texts = {key: fields[key].strip() for key in _TEXTS if key in fields}
            days = {name: str(fields[key]) for key, name in _DAYS.items() if fields.get(key)}
            faq.append(Faq(**texts, **days, similar=tuple(fields.get("similar") or ())))
    silent = sum(item.status != "approved" for item in faq)
    notes = (f"{silent} are not approved and do not answer",) if silent else ()
    return faq, FileReport(str(path), len(faq), tuple(problems), notes=notes)


def _problem(fields: Any) -> str:
    if not isinstance(fields, dict):
        return f"expected a mapping, got {type(fields).__name__}"
    for key in _REQUIRED:
        if not fields.get(key):
            return f"'{key}' is missing"
    for key in _TEXTS:
        if key in fields and not isinstance(fields[key], str):
            return f"'{key}' must be text, got {fields[key]!r:.40}"
    similar = fields.get("similar") or []
    if not isinstance(similar, list) or not all(isinstance(text, str) for text in similar):
        return "'similar' must be a list of texts"
    status = fields.get("status", "approved")
    if status not in FAQ_STATES:
        return f"'status' must be one of {', '.join(FAQ_STATES)}, got {status!r:.40}"
    unknown = sorted(map(str, fields.keys() - {*_TEXTS, *_DAYS, "similar"}))
    return f"unknown key '{unknown[0]}'" if unknown else _wrong_days(fields)


def _wrong_days(fields: dict[str, Any]) -> str:
    """YAML reads 2026-01-31 as a day, and '2026-01-31' as a text: both are taken."""
    days: dict[str, datetime.date] = {}
    for key in _DAYS:
        value = fields.get(key)
        try:
            if value is not None:
                days[key] = datetime.date.fromisoformat(str(value))
        except ValueError:
            return f"'{key}' must be a day like 2026-01-31, got {value!r:.40}"
    if len(days) == 2 and days["until"] < days["from"]:
        return f"'until' ({days['until']}) is before 'from' ({days['from']})"
    return ""
