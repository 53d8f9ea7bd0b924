"""A thought as plain data, one dict an event: what ``voicebot chat --jsonl`` prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from voicebot.dialog.events import BookCallBack, Handoff, HangUp, Say, SayKind, SendMessage
from voicebot.session.conversation import Thought


def action_dicts(thought: Thought) -> list[dict[str, Any]]:
    """Searches first, then what would be said and done.

    ``event`` is ``search``, ``ask`` (a question of a scene), ``say``, ``handoff``,
    ``message``, ``call_back`` or ``hangup``.
    """
    result: list[dict[str, Any]] = [
        {
            "event": "search",
            "query": search.query,
            "raw": search.raw,
            "product": search.product,
            "hits": [{"id": h.id, "kind": h.kind, "score": round(h.score, 4)} for h in search.hits],
            "answerable": round(search.answerable, 4),
            "scene": search.scene.id if search.scene else "",
            "scene_probability": round(search.scene_probability, 4),
        }
        for search in thought.searches
    ]
    for action in thought.actions:
        if isinstance(action, Say):
            name = "ask" if action.kind is SayKind.ASK else "say"
            data = asdict(action)
            data["citations"] = [asdict(c) for c in action.citations]
            result.append({"event": name, **data})
        elif isinstance(action, Handoff):
            result.append({"event": "handoff", **asdict(action)})
        elif isinstance(action, SendMessage):
            result.append({"event": "message", **asdict(action)})
        elif isinstance(action, BookCallBack):
            result.append({"event": "call_back", "wish": action.wish})
        elif isinstance(action, HangUp):
            result.append({"event": "hangup"})
    return result
