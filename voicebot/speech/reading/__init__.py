"""Reading rules: from written text to what a Mandarin voice can say.

`plain` removes what no voice should meet (markdown, list marks); `Reader` turns numbers, codes,
units, links and English terms into Chinese characters and spaced single letters.
"""

from voicebot.speech.reading.network import Links
from voicebot.speech.reading.plain import MAX_CHARS, PlainText, plain
from voicebot.speech.reading.reader import Reader, Span, Step

__all__ = ["MAX_CHARS", "Links", "PlainText", "Reader", "Span", "Step", "plain"]
