"""What listening needs of a pack: made once, for all its calls."""

from __future__ import annotations

from voicebot.dialog.fill import Filler
from voicebot.dialog.phonetic import Canonicalizer
from voicebot.dialog.query_maker import QueryMaker
from voicebot.dialog.scene_match import SceneMatch
from voicebot.pack import Pack


class PackWords:
    """A pack's terms, triggers and products, ready to be compared with. Holds nothing of a call."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.canonical = Canonicalizer(pack.lexicon)
        self.filler = Filler(self.canonical)
        self.queries = QueryMaker(pack, self.canonical)
        self.match = SceneMatch(pack)
