"""Reading rules: from written text to what a Mandarin voice can say.

`plain` removes what no voice should meet (markdown, list marks, URLs); `Reader` turns numbers,
codes, units and English terms into Chinese characters and spaced single letters.
"""

from voicebot.speech.reading.plain import plain
from voicebot.speech.reading.reader import READING_VERSION, Reader

__all__ = ["READING_VERSION", "Reader", "plain"]
