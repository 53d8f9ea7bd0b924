"""Composition root: settings in, a working bot out. The only file that knows every room."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import structlog

from asr_models import Recognizer
from asr_models.lexicon_repair import LexiconRepair
from asr_models.silero import SileroVad
from asr_models.whisper_ct2 import WhisperRecognizer
from telephony import Call, Endpoint
from telephony.baresip_line import BaresipEndpoint
from telephony.tape import Tape
from voicebot.dialog.policy import Dialog
from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.entry import SceneEntry
from voicebot.knowledge.knowledge import Knowledge
from voicebot.pack_loader import Pack, load_pack, scene_entries
from voicebot.records.store import Records
from voicebot.session.call_session import CallSession
from voicebot.session.conversation import Conversation
from voicebot.session.events import Observer, SessionEvent, kind_of
from voicebot.session.human import HumanDesk
from voicebot.session.mouth import Mouth
from voicebot.session.thinker import Thinker
from voicebot.settings import Settings
from voicebot.speech.speaker import Speaker
from voicebot.turns.scheduler import InferenceScheduler, Priority
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.vad import SpeechDetector
from voicebot.weights import locate
