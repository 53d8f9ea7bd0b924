"""A voice breaks off in a real SIP call: the sentence is heard to its end, each word once.

Every part is looked for on the caller's own tape, by its sound as the voice makes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from breaking_voice import BREAKS_IN
from turns_support import ALIKE, Bot, end_of, of, ring, serving

from voicebot.pack_loader import load_pack
from voicebot.settings import Settings
from voicebot.speech.build import build_voice
from voicebot.speech.espeak import EspeakVoice
from voicebot.speech.reading import Reader
from voicebot.speech.speaker import Speaker

pytestmark = [pytest.mark.peer, pytest.mark.weights, pytest.mark.timeout(900)]
PROGRAM = str(Path(__file__).with_name("breaking_voice.py"))
ANNOUNCEMENT = f"请您放心，本次通话将{BREAKS_IN}，只用于提升服务质量。"
QUIET = {"wait_reply": {"min_ms": 3000, "quiet_ms": 3000, "timeout_ms": 60_000}}
PATIENT_S = 120.0


@pytest.fixture(scope="module")
def bot(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    """A bot whose voice breaks off in the announcement, and only there."""
    folder = tmp_path_factory.mktemp("said") / "records"
    environment = {
        "VOICEBOT__TURNS__NO_INPUT_MS": "60000",
        "VOICEBOT__TURNS__WATCHDOG_MS": "20000",
        "VOICEBOT__RECORDS__ANNOUNCE": ANNOUNCEMENT,
    }
    with serving(folder, models, (PROGRAM,), **environment) as made:
        yield made


@pytest.fixture(scope="module")
def settings(models: Path) -> Settings:
    return Settings.model_validate({"models": models})


def test_a_sentence_whose_voice_breaks_off_is_ended_by_the_next_voice(
    bot: Bot, settings: Settings, tmp_path: Path
) -> None:
    tape = ring(bot, tmp_path, [QUIET, {"hangup": True}])
    view = bot.last_call()
    assert ANNOUNCEMENT in [turn.text for turn in view.turns]
    assert not [turn.unheard for turn in view.turns if turn.unheard]
    assert of(view, "trouble") == []
    pack = load_pack(settings.pack)
    first = build_voice(settings, pack)
    speaker = Speaker(first)
    second = EspeakVoice(speed=pack.info.voice.speed, reader=Reader(pack.lexicon))
    broken, *others = [c.text for c in speaker.clauses(ANNOUNCEMENT) if BREAKS_IN in c.text]
    assert not others
    said, _, rest = broken.partition(BREAKS_IN)
    parts = [(first, clause.text) for clause in speaker.clauses(ANNOUNCEMENT)]
    at = [text for _, text in parts].index(broken)
    left = [(second, text) for _, text in parts[at + 1 :]]
    at_ms = 0
    for voice, text in [*parts[:at], (first, said), (second, BREAKS_IN + rest), *left]:
        pcm = voice.render(text, timeout_s=PATIENT_S)
        ends_ms, alike = tape.found(end_of(pcm), at_ms)
        print(f"{voice.name}: {text} {alike:.2f} at {ends_ms} ms")
        assert alike > ALIKE
        at_ms = ends_ms
