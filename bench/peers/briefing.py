"""What our bot answers to the bench's questions, so that a peer can say the same.

python -m bench.peers.briefing --out briefing.json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tomllib
from pathlib import Path

from tests.bench.calls.scripts import FIXTURES, INTERRUPTION, QUESTIONS, SIGNALS
from voicebot.app import App
from voicebot.dialog.events import Heard, Say
from voicebot.settings import load_settings


async def briefing(app: App) -> dict[str, object]:
    """Greeting, prompt of the ears, and an answer a question: each asked in a talk of its own."""
    manifest = tomllib.loads((FIXTURES / "manifest.toml").read_text("utf-8"))
    texts = {Path(entry["file"]).stem: entry["text"] for entry in manifest["line"]}
    conversation = app.conversation()
    begun = conversation.start()
    answers: dict[str, str] = {}
    for name in (*QUESTIONS, INTERRUPTION, *SIGNALS):
        thought = await conversation.consider(begun.state, Heard(texts[name]))
        said = [action.text for action in thought.actions if isinstance(action, Say)]
        answers[texts[name]] = "".join(said)
    greeting = [action.text for action in begun.actions if isinstance(action, Say)]
    return {
        "greeting": app.settings.records.announcement + "".join(greeting),
        "asr_prompt": app.pack.info.asr_prompt,
        "sorry": "不好意思，我没有听清，请您再说一遍。",
        "answers": answers,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    app = App.build(load_settings(), with_records=False, prepare=lambda texts: ())
    try:
        found = asyncio.run(briefing(app))
    finally:
        app.close()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
