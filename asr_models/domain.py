"""Domain ears: from what the recognizer heard to what the caller of this hotline said.

Two steps, each of which may be switched off: among the recognizer's hypotheses the one is chosen
that the domain's language model likes best for its acoustic price (`rescore`), and terms that
were misheard in it are brought to the lexicon's spelling (`repair`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from asr_models.api import Alternative, Recognition
from asr_models.domain_lm import DomainLm
from asr_models.guards import guard
from asr_models.lexicon_repair import LexiconRepair, Repaired

LM_WEIGHT = 0.3
"""What a nat of the language model counts against one of the recognizer; tuned by bench_ears."""


class Domain:
    """Understands recognitions in the words of one pack. Immutable; pure; thread-safe."""

    def __init__(
        self,
        terms: Iterable[tuple[str, Sequence[str]]],
        texts: Iterable[str] = (),
        *,
        repair: bool = True,
        rescore: bool = False,
        lm_weight: float = LM_WEIGHT,
    ) -> None:
        """Take (written form, spoken forms) pairs and the texts that rescoring learns from."""
        self._repair = LexiconRepair(terms, enabled=repair)
        self._lm = DomainLm(texts) if rescore else None
        self._lm_weight = lm_weight

    def understand(self, recognition: Recognition) -> Repaired:
        """The best reading of `recognition`; `raw` is the recognizer's own text.

        A recognition without text (nothing said, or refused by a guard) stays without.
        """
        if not recognition.text:
            return Repaired("", "")
        heard = self._chosen(recognition)
        repaired = self._repair.repair(heard)
        chosen = heard if heard != recognition.text else ""
        return Repaired(repaired.text, recognition.text, repaired.changes, chosen)

    def repair(self, text: str) -> Repaired:
        """A single text with its terms repaired."""
        return self._repair.repair(text)

    def _chosen(self, recognition: Recognition) -> str:
        lm = self._lm
        if lm is None or len(recognition.alternatives) < 2:
            return recognition.text
        best, *others = recognition.alternatives
        kept = Alternative(recognition.text, best.score)
        sound = [one for one in others if guard(one.text, recognition.audio_ms).text == one.text]

        def value(one: Alternative) -> float:
            return one.score + self._lm_weight * lm.score(self._repair.repair(one.text).text)

        return max((kept, *sound), key=value).text
