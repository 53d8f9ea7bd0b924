"""One typed settings tree: defaults < TOML file < environment (``VOICEBOT__SECTION__KEY``).

Unknown keys, wrong types and missing keys are errors that name the key, what was expected
and what came. No other module reads the environment or a configuration file.
"""

from voicebot.settings.console import ConsoleSettings
from voicebot.settings.funasr import FunasrSettings
from voicebot.settings.handoff import (
    HandoffSettings,
    OfficeHoursSettings,
    OverflowSettings,
    SeatSettings,
)
from voicebot.settings.knowledge import KnowledgeSettings, MilvusSettings
from voicebot.settings.language import LanguageServerSettings, LanguageSettings, Use
from voicebot.settings.load import load_settings
from voicebot.settings.sip import (
    LimitSettings,
    RegisterSettings,
    SipSettings,
    TlsSettings,
    TrunkSettings,
)
from voicebot.settings.tree import (
    SERVER_PACK,
    AsrSettings,
    BudgetSettings,
    RecordsSettings,
    RetentionSettings,
    Settings,
    SpeechSettings,
    TurnSettings,
)
from voicebot.settings.webhooks import WebhookSettings

__all__ = [
    "SERVER_PACK",
    "AsrSettings",
    "BudgetSettings",
    "ConsoleSettings",
    "FunasrSettings",
    "HandoffSettings",
    "KnowledgeSettings",
    "LanguageServerSettings",
    "LanguageSettings",
    "LimitSettings",
    "MilvusSettings",
    "OfficeHoursSettings",
    "OverflowSettings",
    "RecordsSettings",
    "RegisterSettings",
    "RetentionSettings",
    "SeatSettings",
    "Settings",
    "SipSettings",
    "SpeechSettings",
    "TlsSettings",
    "TrunkSettings",
    "TurnSettings",
    "Use",
    "WebhookSettings",
    "load_settings",
]
