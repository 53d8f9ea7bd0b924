"""Everything that ``voicebot scenes lint`` tells beyond what keeps a pack from loading."""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.dialog.collisions import Progress, collisions
from voicebot.dialog.meaning_collisions import Embed, meaning_collisions
from voicebot.pack import Pack
from voicebot.pack_yaml import Problem, Problems
from voicebot.scenes.advice import advise


def scene_findings(
    pack: Pack,
    progress: Progress = lambda done, total: None,
    embed: Embed | None = None,
) -> tuple[Problem, ...]:
    """Warnings about the scenes, colliding triggers, and what of the libraries nobody uses.

    With `embed` triggers are compared by meaning, too.
    """
    problems = Problems()
    for scene in pack.scenes:

        def warn(line: int, key: str, text: str, do: str, file: str = scene.file) -> None:
            problems.warn(file, line, key, text, do)

        advise(scene, warn)
    found = [*problems.found, *collisions(pack, progress), *_unused(pack)]
    if embed is not None:
        found += meaning_collisions(pack, embed, progress)
    return tuple(sorted(found, key=lambda each: (each.file, each.line)))


def _unused(pack: Pack) -> Iterator[Problem]:
    slots = {slot.use for scene in pack.scenes for slot in scene.slots}
    answers = {branch.use for scene in pack.scenes for branch in scene.branches}
    for name, slot in pack.shared.slots.items():
        if name not in slots:
            yield Problem("slots.yaml", slot.line, f"{name}: no scene uses it; remove it", True)
    for name in pack.shared.answers:
        if name not in answers:
            yield Problem("answers.yaml", 0, f"{name}: no branch uses it; remove it", True)
