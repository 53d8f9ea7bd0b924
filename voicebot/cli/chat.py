"""``voicebot chat``: the same dialog by text."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from voicebot.cli.screen import announce, build_with_progress


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def chat(
        jsonl: Annotated[bool, typer.Option("--jsonl", help="one JSON event a line")] = False,
        config: Annotated[Path | None, typer.Option(help="TOML settings file")] = None,
        pack: Annotated[Path | None, typer.Option(help="the company's pack")] = None,
    ) -> None:
        """Talk to the bot by typing; each input line is a caller's turn. Ends with the input.

        With --jsonl every output line is an event: say, ask, search, handoff, hangup; an input
        line may be plain text or {"text": …, "confidence": …}.
        """
        from voicebot.session.prepared import nothing
        from voicebot.settings import load_settings

        settings = load_settings(config, overrides={"pack": pack})
        parts = build_with_progress(settings, records=False, prepare=nothing)
        try:
            asyncio.run(_chat(parts, jsonl))
        finally:
            parts.close()


async def _chat(parts: Any, jsonl: bool) -> None:
    from voicebot.dialog.events import Handoff, HangUp

    closed = ""
    conversation = parts.conversation()
    thought = conversation.start()
    _print_thought(thought, jsonl)
    if not jsonl:
        announce("请输入（Ctrl-D 结束）")
    while True:
        line = sys.stdin.readline()  # nothing else runs; a thread would swallow Ctrl-C
        if not line:
            return
        heard = _parse(line)
        if heard is None:
            continue
        if closed:
            # On the phone nobody would be listening any more.
            _print_data({"event": "closed", "reason": closed}, jsonl)
            continue
        thought = await conversation.consider(thought.state, heard)
        _print_thought(thought, jsonl)
        for action in thought.actions:
            if isinstance(action, Handoff | HangUp):
                closed = "handed_off" if isinstance(action, Handoff) else "hung_up"


def _parse(line: str) -> Any:
    from voicebot.dialog.events import Heard

    line = line.strip()
    if not line:
        return None
    if line.startswith("{"):
        try:
            data = json.loads(line)
            return Heard(str(data["text"]), float(data.get("confidence", 1.0)))
        except (ValueError, KeyError, TypeError) as error:
            announce(f'expected {{"text": …, "confidence": 0..1}}, got {line[:80]!r}: {error}')
            return None
    return Heard(line)


def _print_thought(thought: Any, jsonl: bool) -> None:
    from voicebot.session.text import action_dicts

    for data in action_dicts(thought):
        _print_data(data, jsonl)


def _print_data(data: dict[str, Any], jsonl: bool) -> None:
    if jsonl:
        print(json.dumps(data, ensure_ascii=False), flush=True)
    elif data["event"] == "search":
        print(f"  [查询 {data['query']} · 可答 {data['answerable']:.2f}]")
    elif "text" in data:
        sources = "；".join(c["source"] for c in data["citations"])
        print(f"机器人：{data['text']}" + (f"（依据：{sources}）" if sources else ""), flush=True)
    else:
        print(f"  [{data['event']} {data.get('reason', '')}]", flush=True)
