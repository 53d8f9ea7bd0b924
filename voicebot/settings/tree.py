"""The settings tree: every table but the line's, with meanings and defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

import platformdirs
from pydantic import Field, field_validator, model_validator

from voicebot.settings.console import ConsoleSettings
from voicebot.settings.edge import EdgeSettings
from voicebot.settings.funasr import FunasrSettings
from voicebot.settings.handoff import HandoffSettings
from voicebot.settings.knowledge import KnowledgeSettings
from voicebot.settings.language import LanguageSettings
from voicebot.settings.metrics import MetricsSettings
from voicebot.settings.section import Section
from voicebot.settings.sip import SipSettings
from voicebot.settings.webhooks import WebhookSettings

SERVER_PACK = Path(__file__).parents[1] / "packs" / "server"


class TurnSettings(Section):
    """When to listen and when to speak. All times are in milliseconds."""

    speech_threshold: float = Field(0.5, gt=0, lt=1, description="Silero probability of speech")
    onset_ms: int = Field(96, ge=32, description="speech this long starts a turn")
    speculate_ms: int = Field(80, ge=32, description="silence after which recognition starts")
    endpoint: Literal["adaptive", "fixed"] = Field(
        "adaptive",
        description="how much silence ends a turn: as what was said, what was asked and the "
        "caller's own pauses ask for; or always `endpoint_ms`",
    )
    endpoint_ms: int = Field(480, ge=100, description="the silence of a fixed endpoint")
    max_turn_ms: int = Field(25_000, ge=1000, description="a longer turn is cut here")
    barge_in: Literal["content", "length"] = Field(
        "content",
        description="what stops the bot: what the caller says over it (嗯, 好的 do not), or "
        "`barge_in_ms` of speech, whatever it says",
    )
    barge_in_ms: int = Field(
        256, ge=32, description="speech this long over the bot is a barge-in, or is listened to"
    )
    duck_db: float = Field(
        60.0,
        ge=0,
        le=60,
        description="the bot is so much softer while it is spoken over; at 60 it pauses, and goes "
        "on where it was",
    )
    barge_in_margin_db: float = Field(
        6.0, description="caller speech over the bot must be this much over the echo estimate"
    )
    no_input_ms: int = Field(8000, ge=1000, description="silence after which the bot asks again")
    no_input_prompts: int = Field(
        2, ge=0, description="it asks so often in a row, then says goodbye and hangs up"
    )
    waiting_prompts: int = Field(
        4, ge=0, description="the same for a caller who has gone to look or to try something"
    )
    max_hold_ms: int = Field(
        600_000, ge=1000, description="a caller who keeps us on hold for longer is hung up"
    )
    watchdog_ms: int = Field(
        3500, ge=500, description="dead air after a turn: a filler, then a human, whatever hangs"
    )


class BudgetSettings(Section):
    """The turn's time budget, counted from the caller's last sound."""

    limit_ms: int = Field(
        1300,
        ge=100,
        description="first bot audio must leave by then; a filler if need be. On the line it is "
        "heard some 100 ms later, and silence of more than 1.5 s is dead air",
    )
    patience_ms: int = Field(
        3000,
        ge=100,
        description="behind a filler a language model may take until then; less than "
        "`turns.watchdog_ms`, at which a human is brought",
    )


class AsrSettings(Section):
    """The ears."""

    engine: Literal["whisper", "funasr"] = Field(
        "whisper", description="funasr needs its extra: pip install 'voicebot[funasr]'"
    )
    model: str = Field(
        "whisper-base",
        description="Whisper: a weight's name (voicebot models list) or a folder",
    )
    device: Literal["cpu", "cuda", "auto"] = Field("cpu", description="auto: a GPU if there is one")
    compute_type: str = Field(
        "auto", description="CTranslate2's number format; auto: int8 on the CPU, float16 on a GPU"
    )
    beam_size: int = Field(5, ge=1, le=10)
    spans: bool = Field(False, description="say when each word was said; about 0.04 s of CPU more")
    partial_ms: int = Field(
        0,
        ge=0,
        description="speech between two partial texts; 0: none, as Whisper decodes all of it "
        "anew each time and is late for the text that counts",
    )
    threads: int = Field(1, ge=1, description="CPU threads a decode")
    workers: int = Field(1, ge=1, description="decodes at the same time")
    repair: bool = Field(True, description="bring misheard terms to the lexicon's spelling")
    rescore: bool = Field(
        True, description="let the pack's own texts choose among the recognizer's hypotheses"
    )
    funasr: FunasrSettings = FunasrSettings()  # type: ignore[call-arg]


class SpeechSettings(Section):
    """The voice."""

    engine: Literal["kokoro", "edge", "espeak"] = Field(
        "kokoro",
        description="edge sends every text to a service abroad (docs/voice.md) and needs its "
        "extra: pip install 'voicebot[edge]'",
    )
    fallback: tuple[Literal["kokoro", "espeak"], ...] = Field(
        ("kokoro", "espeak"), description="who goes on where the engine fails, best first"
    )
    voice: str = Field(
        "", description="empty: the pack's voice; a name like zh-CN-XiaoxiaoNeural chooses edge"
    )
    speed: float = Field(0.0, description="0.5 to 2; 0: the pack's speed")
    threads: int = Field(2, ge=1, description="CPU threads a clause")
    cache_mb: int = Field(512, ge=1, description="bound of the prepared-speech cache on disk")
    links: Literal["name", "spell"] = Field(
        "name",
        description="web links and e-mail addresses: say what they are, or spell them out",
    )
    prepare_idle: bool = Field(
        True,
        description="voice what the pack says word for word while nobody rings (an hour of one "
        "core for a large pack, once); false: only what most calls hear, at the start",
    )
    prepare_chars: int = Field(
        20_000,
        ge=0,
        description="characters of documents that are rendered before they are asked for, the "
        "likeliest first (about half a core-hour and 70 MB for 20,000)",
    )
    edge: EdgeSettings = EdgeSettings()  # type: ignore[call-arg]

    @field_validator("speed")
    @classmethod
    def _a_speed_to_follow(cls, speed: float) -> float:
        if speed == 0 or 0.5 <= speed <= 2:
            return speed
        raise ValueError("0.5 to 2 is expected, or 0 for the pack's speed")

    @field_validator("fallback")
    @classmethod
    def _each_once(cls, engines: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(engines)) < len(engines):
            raise ValueError("each engine is expected once")
        return engines

    @model_validator(mode="after")
    def _espeak_has_one_voice(self) -> Self:
        if self.engine == "espeak" and self.voice not in ("", "espeak"):
            raise ValueError(
                f"voice: none is expected with engine = 'espeak', which has one; got "
                f"{self.voice!r}; leave it out or choose another engine"
            )
        return self


class RetentionSettings(Section):
    """For how many days what is kept; 0: for ever. What is older goes, once a day."""

    audio_days: int = Field(90, ge=0, description="recordings")
    texts_days: int = Field(365, ge=0, description="what was said, summaries, numbers")
    calls_days: int = Field(1095, ge=0, description="when, how long, how it ended")


class RecordsSettings(Section):
    """Where calls are kept."""

    url: str = Field("", description="SQLAlchemy URL; empty: SQLite in `directory`")
    directory: Path = Field(Path("var/records"), description="database and recordings")
    key_file: Path | None = Field(
        None, description="the store's secret; left out: caller.key in `directory`, made if missing"
    )
    retention: RetentionSettings = RetentionSettings()  # type: ignore[call-arg]
    record_audio: bool = True
    mask_audio: bool = Field(
        True, description="turns whose text is masked (numbers, names, addresses) are silenced"
    )
    announce: str = Field(
        "",
        description="said before the greeting where calls are recorded, "
        "e.g. 为提升服务质量，本次通话将被录音。",
    )
    opt_out: bool = Field(
        True, description="a caller who says 不要录音 is recorded no further, and is told so"
    )
    opt_out_digit: str = Field(
        "", pattern=r"^[0-9*#]?$", description="a key that does the same; empty: none"
    )

    @property
    def announcement(self) -> str:
        """What is said before the greeting; empty where nothing is recorded."""
        return self.announce if self.record_audio else ""


class Settings(Section):
    """The whole tree. `pack` is a folder (docs/packs.md)."""

    pack: Path = Field(SERVER_PACK, description="the company's pack: scenes, FAQ, documents, voice")
    models: Path = Field(
        default_factory=lambda: Path(platformdirs.user_cache_dir("voicebot")) / "models",
        description="weights folder; VOICEBOT_MODELS moves it too",
    )
    sip: SipSettings = SipSettings()  # type: ignore[call-arg]
    turns: TurnSettings = TurnSettings()  # type: ignore[call-arg]
    budget: BudgetSettings = BudgetSettings()  # type: ignore[call-arg]
    asr: AsrSettings = AsrSettings()  # type: ignore[call-arg]
    knowledge: KnowledgeSettings = KnowledgeSettings()  # type: ignore[call-arg]
    language: LanguageSettings = LanguageSettings()  # type: ignore[call-arg]
    speech: SpeechSettings = SpeechSettings()  # type: ignore[call-arg]
    handoff: HandoffSettings = HandoffSettings()  # type: ignore[call-arg]
    records: RecordsSettings = RecordsSettings()  # type: ignore[call-arg]
    console: ConsoleSettings = ConsoleSettings()  # type: ignore[call-arg]
    metrics: MetricsSettings = MetricsSettings()  # type: ignore[call-arg]
    webhooks: tuple[WebhookSettings, ...] = Field((), description="systems that are told of calls")

    @field_validator("webhooks")
    @classmethod
    def _named_apart(cls, webhooks: tuple[WebhookSettings, ...]) -> tuple[WebhookSettings, ...]:
        names = [each.name for each in webhooks]
        if len(set(names)) < len(names):
            raise ValueError("each needs a name of its own")
        return webhooks
