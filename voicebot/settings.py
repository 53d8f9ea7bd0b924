"""One typed settings tree: defaults < TOML file < environment (``VOICEBOT__SECTION__KEY``).

Unknown keys, wrong types and missing keys are errors that name the key, what was expected
and what came. No other module reads the environment or a configuration file.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from voicebot.errors import SettingsError

ENV_PREFIX = "VOICEBOT__"
SERVER_PACK = Path(__file__).parent / "packs" / "server"


class Section(BaseModel):
    """A frozen table of settings in which every key must be known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SipSettings(Section):
    """The phone line."""

    listen: str = Field("127.0.0.1:5060", description="SIP listen address, ADDR:PORT (UDP and TCP)")
    rtp_ports: str = Field("40000-44000", description="UDP port range for RTP, LOW-HIGH")
    codecs: tuple[Literal["pcma", "pcmu"], ...] = Field(
        ("pcma", "pcmu"), description="codecs offered and accepted, in order of preference"
    )
    max_calls: int = Field(50, ge=1, description="more concurrent calls than this get 486")
    jitter_buffer_ms: int = Field(
        40, ge=0, le=400, description="received audio is held this long against jitter; 0 is off"
    )


class TurnSettings(Section):
    """When to listen and when to speak. All times are in milliseconds."""

    speech_threshold: float = Field(0.5, gt=0, lt=1, description="Silero probability of speech")
    onset_ms: int = Field(96, ge=32, description="speech this long starts a turn")
    speculate_ms: int = Field(96, ge=32, description="silence after which recognition starts")
    endpoint_ms: int = Field(480, ge=100, description="silence after which the turn is over")
    max_turn_ms: int = Field(25_000, ge=1000, description="a longer turn is cut here")
    barge_in_ms: int = Field(256, ge=32, description="speech this long over the bot stops it")
    barge_in_margin_db: float = Field(
        6.0, description="caller speech over the bot must be this much over the echo estimate"
    )
    no_input_ms: int = Field(8000, ge=1000, description="silence after which the bot asks again")
    watchdog_ms: int = Field(
        3500, ge=500, description="dead air after a turn: a filler, then a human, whatever hangs"
    )


class BudgetSettings(Section):
    """The turn's time budget, counted from the caller's last sound."""

    limit_ms: int = Field(
        1500, ge=100, description="first bot audio must leave by then; a filler if need be"
    )


class AsrSettings(Section):
    """The ears."""

    model: str = Field(
        "whisper-base", description="a weight's name (voicebot models list) or a folder"
    )
    beam_size: int = Field(5, ge=1, le=10)
    threads: int = Field(1, ge=1, description="CPU threads a decode")
    workers: int = Field(1, ge=1, description="decodes at the same time")


class KnowledgeSettings(Section):
    """Retrieval over the pack."""

    embedder: str = Field("e5-small", description="a weight's name or a folder")
    answer_risk: float = Field(
        0.5, ge=0, le=1, description="below this probability of being answerable the bot refuses"
    )
    threads: int = Field(1, ge=1)


class LanguageSettings(Section):
    """The language model, used for choices under a deadline and for reviewed drafts."""

    engine: Literal["none", "ctranslate2"] = "none"
    model: str = Field("qwen2.5-coder-1.5b", description="a weight's name or a folder")
    threads: int = Field(1, ge=1)


class SpeechSettings(Section):
    """The voice."""

    engine: Literal["kokoro", "espeak"] = "kokoro"
    voice: str = Field("", description="empty: the pack's voice")
    speed: float = Field(0.0, ge=0, le=2, description="0: the pack's speed")
    threads: int = Field(2, ge=1, description="CPU threads a clause")
    cache_mb: int = Field(512, ge=1, description="bound of the prepared-speech cache on disk")


class SeatSettings(Section):
    """A human seat that calls may be handed to."""

    name: str = Field(description="shown in records, e.g. 二线01")
    uri: str = Field(description="where to ring, e.g. sip:2001@10.0.0.5")
    skills: tuple[str, ...] = ()


class HandoffSettings(Section):
    """How a caller reaches a human."""

    mode: Literal["bridge", "refer", "attended"] = Field(
        "bridge",
        description="bridge: the bot stays in the path; refer: the PBX takes over; attended: "
        "the bot rings the seat first, then the PBX joins both",
    )
    ring_timeout_s: float = Field(20.0, gt=0)
    seats: tuple[SeatSettings, ...] = ()


class RecordsSettings(Section):
    """Where calls are kept."""

    url: str = Field("", description="SQLAlchemy URL; empty: SQLite in `directory`")
    directory: Path = Field(Path("var/records"), description="database and recordings")
    record_audio: bool = True


class ConsoleSettings(Section):
    """The web console. It has no login, so it serves this machine only."""

    listen: str = Field(
        "", description="ADDR:PORT on loopback, e.g. 127.0.0.1:8080; empty: no console"
    )


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


def load_settings(
    path: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Build the tree from a TOML file, the environment and explicit overrides, in that order.

    `overrides` maps dotted keys (``sip.listen``) to values; it is how command-line options
    enter. Raises SettingsError with one line that names the key.
    """
    environ = os.environ if environ is None else environ
    tree: dict[str, Any] = {}
    if path is not None:
        tree = _read_toml(path)
    if "VOICEBOT_MODELS" in environ:
        tree.setdefault("models", environ["VOICEBOT_MODELS"])
    for key, value in environ.items():
        if key.startswith(ENV_PREFIX):
            _put(tree, key[len(ENV_PREFIX) :].lower().split("__"), value)
    for key, value in (overrides or {}).items():
        if value is not None:
            _put(tree, key.split("."), value)
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise SettingsError(_one_line(error, path)) from None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise SettingsError(f"settings: cannot read {path}: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"settings: {path} is not valid TOML: {error}") from None


def _put(tree: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        tree = tree.setdefault(key, {})
        if not isinstance(tree, dict):
            raise SettingsError(f"settings: {'.'.join(keys)}: {key} is a value, not a table")
    tree[keys[-1]] = value


def _one_line(error: ValidationError, path: Path | None) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    where = f" in {path}" if path else ""
    if first["type"] == "extra_forbidden":
        known = ", ".join(_known_keys(first["loc"][:-1]))
        return f"settings: {key}: unknown key{where}; known here: {known}"
    if first["type"] == "missing":
        return f"settings: {key}: this key is required and missing{where}"
    return f"settings: {key}: {first['msg']}; got {first['input']!r}{where}"


def _known_keys(loc: tuple[int | str, ...]) -> list[str]:
    model: Any = Settings
    for part in loc:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        args = getattr(annotation, "__args__", None)
        model = args[0] if args else annotation
    return sorted(model.model_fields)
