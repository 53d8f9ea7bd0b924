"""Accepted drafts become part of the pack: checked, published as one version, then noted.

The pack goes first. After a crash between the two the draft is still proposed; accepting it again
finds its words in the pack and only notes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.errors import PackError, RecordsError
from voicebot.workshop.checks import Step, silent
from voicebot.workshop.drafts import Draft, DraftKind, Drafts, DraftState
from voicebot.workshop.editing import PackEditor
from voicebot.workshop.faq_text import entry_ids, with_entry, with_similar
from voicebot.workshop.history import Version

NEW_ENTRIES = "faq/from_calls.yaml"
_HEAD = "# Accepted drafts: questions that callers asked, reviewed by people (voicebot drafts).\n"
_WHY_IDS = 8


@dataclass(frozen=True)
class Accepted:
    """The drafts as they are now; `version` is None where the pack held them already."""

    drafts: tuple[Draft, ...]
    version: Version | None


def accept(
    drafts: Drafts,
    editor: PackEditor,
    ids: Sequence[str],
    by: str,
    why: str = "",
    step: Step = silent,
) -> Accepted:
    """Write these drafts into the pack and publish it; all of them, or none.

    Raises RecordsError for a draft that is unknown or decided, PackError for one without an answer
    or of another pack, and for a pack that does not pass its checks with them, EditConflictError as
    `publish` does.
    """
    found = [drafts.get(each) for each in dict.fromkeys(ids)]
    name = editor.pack_name()
    for draft in found:
        _expect_ready(draft, name)
    texts, bases = _written(editor, found)
    version = None
    if texts:
        proposed = editor.propose_all(texts, bases, step)
        names = ", ".join(draft.id[:_WHY_IDS] for draft in found[:_WHY_IDS])
        said = f"drafts {names}" + ("…" if len(found) > _WHY_IDS else "")
        version = editor.publish(proposed, by, f"{said}: {why}" if why else said, step)
    number = version.number if version else None
    return Accepted(tuple(drafts.accept(draft.id, by, number, why) for draft in found), version)


def _expect_ready(draft: Draft, pack: str) -> None:
    if draft.state is not DraftState.PROPOSED:
        raise RecordsError(
            f"drafts: {draft.id[:8]} was {draft.state} by {draft.decided_by} already"
        )
    if draft.pack != pack:
        raise PackError(
            f"drafts: {draft.id[:8]} is for the pack {draft.pack!r}, expected one for {pack!r}; "
            "accept it there"
        )
    if draft.kind is DraftKind.FAQ and not draft.answer:
        raise PackError(
            f"drafts: {draft.id[:8]} has no answer: the documents hold none; an expert writes one "
            f"first: voicebot drafts edit {draft.id[:8]} --answer …"
        )


def _written(editor: PackEditor, found: Sequence[Draft]) -> tuple[dict[str, str], dict[str, str]]:
    """The FAQ files with the drafts in them that are not there yet, and what they were before."""
    files = {path: editor.read(path) for path in editor.files() if path.startswith("faq/")}
    place = {entry: path for path, file in files.items() for entry in entry_ids(file.text)}
    files.setdefault(NEW_ENTRIES, editor.read(NEW_ENTRIES))
    texts = {path: file.text for path, file in files.items()}
    for draft in found:
        if draft.kind is DraftKind.SIMILAR:
            if draft.near_entry not in place:
                raise PackError(
                    f"drafts: {draft.id[:8]} belongs to the FAQ {draft.near_entry!r}, which the "
                    "pack no longer has; reject it"
                )
            path = place[draft.near_entry]
            texts[path] = with_similar(texts[path], draft.near_entry, [draft.question])
        elif entry_id(draft) not in place:
            texts[NEW_ENTRIES] = with_entry(texts[NEW_ENTRIES] or _HEAD, _fields(draft))
    changed = {path: text for path, text in texts.items() if text != files[path].text}
    return changed, {path: files[path].stamp for path in changed}


def entry_id(draft: Draft) -> str:
    """The id of the FAQ that a draft becomes."""
    return f"calls.{draft.id[:8]}"


def _fields(draft: Draft) -> dict[str, str]:
    fields = {"id": entry_id(draft), "question": draft.question, "answer": draft.answer}
    return {**fields, "source": draft.answer_source} if draft.answer_source else fields
