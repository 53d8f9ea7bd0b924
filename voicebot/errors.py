"""The bot's exception tree, on one screen.

    VoicebotError               anything the reader of one line can act upon; the CLI exits 2
    ├── SettingsError           a configuration file or option is wrong
    ├── PackError               a pack (scenes, FAQ, documents …) is wrong
    │   └── EditConflictError   somebody else has changed what was being edited
    ├── WeightsError            a weight file is missing, truncated or altered
    ├── VoiceError              a voice could not speak a text, or not in time
    ├── LanguageError           a language model failed, or answered what it may not
    ├── AudioFileError          a file is no wav, or not one we can play
    ├── KnowledgeError          an index cannot be read or written, or nothing could be ingested
    ├── IndexMismatchError      an index was built with another embedder or format
    ├── SeatError               there is no such seat, or it cannot be put in that state
    ├── EvaluationError         a file of dialogues cannot be read or scored
    └── RecordsError            the records store cannot be opened, read or written
        ├── NoSuchCallError     there is no such call in it
        └── BusyError           too much waits to be read from it already

Messages name the place, what was expected, what came, and what to do:
``settings: sip.codecs: unknown codec 'amr'; known: pcma, pcmu``.
"""


class VoicebotError(Exception):
    """Base of every error a user can act upon. ``str()`` is one line."""


class SettingsError(VoicebotError):
    """A configuration file or option is wrong."""


class PackError(VoicebotError):
    """A pack (scenes, FAQ, documents, lexicon, prompts) is wrong."""


class EditConflictError(PackError):
    """Somebody else has changed what was being edited; nothing was written."""


class WeightsError(VoicebotError):
    """A weight file is missing, truncated or altered."""


class VoiceError(VoicebotError):
    """A voice could not speak a text, or not in time."""


class LanguageError(VoicebotError):
    """A language model cannot be loaded or reached, failed, or answered what it may not."""


class AudioFileError(VoicebotError):
    """A file is no wav, or not one that we can read."""


class KnowledgeError(VoicebotError):
    """An index cannot be read or written, or nothing could be ingested."""


class IndexMismatchError(VoicebotError):
    """An index was built with another embedder or in another format."""


class SeatError(VoicebotError):
    """There is no such seat, or it cannot be put in that state."""


class RecordsError(VoicebotError):
    """The records store cannot be opened, or lacks what was asked for."""


class NoSuchCallError(RecordsError):
    """The records hold no such call."""


class BusyError(RecordsError):
    """So much waits to be read from the records that no more is taken on; they are not away."""


class EvaluationError(VoicebotError):
    """A file of dialogues cannot be read or scored."""
