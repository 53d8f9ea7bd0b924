"""Which scenes a caller's words may mean, likeliest first: by search, by sound, by the talk."""

from __future__ import annotations

from voicebot.dialog import scene_bars
from voicebot.dialog.said_part import logit
from voicebot.dialog.scene_bars import bars
from voicebot.dialog.scene_match import SceneCandidate, SceneMatch, too_close
from voicebot.dialog.turn import Turn
from voicebot.knowledge.api import SearchResult

SAME_SCENE = 1.5  # logits by which another scene may be likelier than the one just spoken of
Ranked = tuple[SceneCandidate, ...]


class SceneRanking:
    """Ranks the scenes of a pack."""

    def __init__(self, match: SceneMatch) -> None:
        self._match = match

    def rank(self, query: str, result: SearchResult) -> Ranked:
        """By what the search found and how the triggers sound."""
        found = dict(result.rivals)
        if result.scene is not None:
            found[result.scene.id] = result.scene_probability
        return self._match.rank(query, found)

    def on_topic(self, turn: Turn, query: str, ranked: Ranked) -> Ranked:
        """Of two scenes that are too close the one that has what the talk is about in its words:
        密码忘了, after BIOS was spoken of, is BIOS密码忘了. And a scene that the talk was in comes
        before another that is hardly likelier."""
        last = turn.state.closed.scene if turn.state.closed else ""
        again = next((each for each in ranked[1:] if each.scene == last), None)
        likely = again is not None and again.probability >= bars(query, again).start
        if (
            again
            and likely
            and ranked[0].share < scene_bars.NEAR_TRIGGER
            and _near(again, ranked[0])
        ):
            return (again,)
        topic = turn.state.topic
        if topic is None or not topic.focus or not too_close(ranked, scene_bars.MAYBE):
            return ranked
        either = {each.scene: each.probability for each in ranked[:2]}
        named = self._match.rank(topic.focus + query, either, 2)
        return ranked if too_close(named, scene_bars.MAYBE) else named[:1]


def _near(one: SceneCandidate, best: SceneCandidate) -> bool:
    return not one.vetoed and logit(best.probability) - logit(one.probability) <= SAME_SCENE
