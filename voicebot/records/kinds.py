"""The kinds of events a call is made of, and the keys of their data that `CallView` reads.

They are the session's events (voicebot/session/events.py) by their names in records. Any other
kind may be stored too, and is shown among the events.
"""

from __future__ import annotations

CALLER_SPOKE = "caller_spoke"
"""``text``, ``confidence`` (0..1), ``speech_end_ms``, ``barged_in``."""

BOT_SPOKE = "bot_spoke"
"""``text``, ``kind``, ``confidence``, ``since_caller_ms`` (the caller's last sound to our first;
None when nobody had spoken), ``citations`` (a list of ``{id, source, quote}``), ``stages`` (the
waterfall of that time, a list of ``{stage, start_ms, end_ms, note}``)."""

SEAT_SPOKE = "seat_spoke"
"""``seat``, ``text``, ``confidence``, ``speech_end_ms``: a human who has the call, heard by the bot
as it listens on."""

SUPERVISOR_ACTED = "supervisor_acted"
"""``action``, ``by``, ``ok``, ``why``, ``text``."""

BOT_INTERRUPTED = "bot_interrupted"
"""``heard``, ``unheard``: the utterance before was cut there."""

HANDOFF_STARTED = "handoff_started"
"""``reason``, ``skill``, ``summary_id``."""

SEAT_RANG = "seat_rang"
"""``seat``, ``outcome``, ``sip_code``: one seat was tried."""

HANDOFF_FINISHED = "handoff_finished"
"""``outcome``, ``seat``."""

BRIDGE_ENDED = "bridge_ended"
"""``ended_by``, ``talk_ms``."""

NUMBER_DICTATED = "number_dictated"
"""``label``, ``value``: a number was taken down, read back and agreed upon; a personal one is
masked."""

CALL_QUALITY = "call_quality"
"""``received``, ``lost``, ``loss_percent``, ``jitter_ms``, ``mos`` and more: what the network did
to the call. Also a column of the call."""

TROUBLE = "trouble"
"""``what``, ``consequence``: something failed inside and the call went on."""
