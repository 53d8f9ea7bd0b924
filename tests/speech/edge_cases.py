"""What the online voice's service may do, by what is heard of it then."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate

from tests.speech.edge_server import Behaviour, Boundary
from voicebot.settings.edge import EdgeSettings
from voicebot.speech.edge import EdgeVoice
from voicebot.speech.reading import Reader

Open = Callable[[EdgeSettings], EdgeVoice]
TEXT = "请重启YL5280G3的BMC，然后长按电源键5秒。"
READER = Reader()
# Who says nothing is late soon; who says something has time for it, on a busy machine too.
HURRIED = EdgeSettings(first_audio_ms=300, stall_ms=300, total_ms=2500)
STARTING = EdgeSettings(first_audio_ms=20_000, stall_ms=300, total_ms=60_000)
PATIENT = EdgeSettings(first_audio_ms=20_000, stall_ms=20_000, total_ms=60_000)
LONG_AGO = formatdate(1_000_000_000, usegmt=True)
GARBAGE = random.Random(5).randbytes(8000)


def every_other(words: list[Boundary]) -> list[Boundary]:
    return words[::2]


def backwards(words: list[Boundary]) -> list[Boundary]:
    return words[::-1]


def beyond_the_sound(words: list[Boundary]) -> list[Boundary]:
    return [replace(word, offset=word.offset + 2**40) for word in words]


NOTHING_SAID = {
    "403 with a wrong date": Behaviour(status=403, date=LONG_AGO),
    "403 once with a wrong date": Behaviour(status=403, refusals=1, date=LONG_AGO),
    "403 without end": Behaviour(status=403),
    "403 without a date": Behaviour(status=403, date="soon"),
    "429": Behaviour(status=429),
    "503": Behaviour(status=503),
    "a redirect to nowhere": Behaviour(status=302),
    "no sound": Behaviour(sound=False),
    "late": Behaviour(delay_s=30),
    "stalls at once": Behaviour(stop_at_byte=0),
    "stalls before a word is over": Behaviour(stop_at_byte=720),
    "garbage": Behaviour(garbage=lambda _: GARBAGE),
    "a page of HTML": Behaviour(garbage=lambda _: b"<html>no</html>" * 500),
    "silence instead of MP3": Behaviour(garbage=lambda _: bytes(8000)),
    "another text's sound": Behaviour(garbage=lambda data: data[:1440]),
    "a frame of 5 MB": Behaviour(garbage=lambda data: data * 200, piece_bytes=5_000_000),
    "an hour of sound": Behaviour(garbage=lambda data: data * 900, piece_bytes=1_000_000),
    "drips": Behaviour(piece_bytes=40, pause_s=0.2, words_first=False),
    "stalls, and tells no words": Behaviour(stop_at_byte=9000, words=lambda _: []),
    "stalls, words too late": Behaviour(stop_at_byte=9000, words_first=False),
    "stalls, words far off": Behaviour(stop_at_byte=9000, words=beyond_the_sound),
    "stalls, words backwards": Behaviour(stop_at_byte=15_000, words=backwards),
    "metadata that is no JSON": Behaviour(metadata="{"),
    "metadata of a new kind": Behaviour(metadata='{"Metadata": [{"Type": "Mood"}]}'),
    "metadata without times": Behaviour(
        metadata='{"Metadata": [{"Type": "WordBoundary", "Data": {"Offset": null}}]}'
    ),
}
PARTLY_SAID = {
    "stalls in mid-sentence": Behaviour(stop_at_byte=9000),
    "closes in mid-sentence": Behaviour(stop_at_byte=9000, at_stop="close"),
    "is cut off in mid-sentence": Behaviour(stop_at_byte=9000, at_stop="abort"),
    "garbage in mid-sentence": Behaviour(stop_at_byte=9000, at_stop="garbage"),
    "stalls, words missing": Behaviour(stop_at_byte=9000, words=every_other),
}
SAID = {
    "well": Behaviour(),
    "words after the sound": Behaviour(words_first=False),
    "no words": Behaviour(words=lambda _: []),
    "sentences instead of words": Behaviour(metadata_type="SentenceBoundary"),
    "words missing": Behaviour(words=every_other),
    "words backwards": Behaviour(words=backwards),
    "words far off": Behaviour(words=beyond_the_sound),
    "one big frame": Behaviour(piece_bytes=1_000_000),
    "small frames": Behaviour(piece_bytes=97),
    "a clock that is a day ahead": Behaviour(clock_s=86_400),
    "403 once": Behaviour(status=403, refusals=1),
}
