"""JSON lines: one record {"id", "text", optional "title"} a line; ids are kept."""

from __future__ import annotations

import json
from dataclasses import dataclass

from voicebot.knowledge.ingest.characters import cleaned


@dataclass(frozen=True)
class Record:
    """One line of a JSONL file."""

    id: str
    text: str
    title: str


def read_records(text: str) -> tuple[list[Record], list[str]]:
    """The good records in order, and a problem for each bad line."""
    records: dict[str, Record] = {}
    problems: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = _record(line)
            if record.id in records:
                raise ValueError(f"id {record.id!r} appears twice")
        except (ValueError, RecursionError) as error:
            problems.append(f"line {number}: {error}")
        else:
            records[record.id] = record
    return list(records.values()), problems


def _record(line: str) -> Record:
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise ValueError(f"is no JSON: {error}") from None
    if not isinstance(fields, dict):
        raise ValueError(f'expected an object with "id" and "text", got {type(fields).__name__}')
    for key in ("id", "text"):
        if not isinstance(fields.get(key), str) or not fields[key].strip():
            got = f"{fields.get(key)!r:.40}"
            raise ValueError(f'"{key}" must be a string that is not empty, got {got}')
    title = fields.get("title") or ""
    if not isinstance(title, str):
        raise ValueError(f'"title" must be a string, got {title!r:.40}')
    if not (text := cleaned(fields["text"]).strip()):
        raise ValueError('"text" holds no character that can be read')
    return Record(cleaned(fields["id"]), text, cleaned(title).strip())
