"""Drafts as the workshop and the console speak of them; they are kept by the records."""

from voicebot.records.draft import Draft, DraftKind, DraftState, Heard, Origin, new_draft
from voicebot.records.drafts import Drafts

__all__ = ["Draft", "DraftKind", "DraftState", "Drafts", "Heard", "Origin", "new_draft"]
