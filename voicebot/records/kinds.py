"""The kinds of events a call is made of, and the keys their data holds.

Any other kind may be stored too; these are the ones that `CallView` reads.
"""

from __future__ import annotations

HEARD = "heard"
"""A caller turn: ``text``, ``confidence`` (0..1), ``alternatives``, ``barged_in``."""

SAY = "say"
"""A bot utterance: ``text``, ``say_kind``, ``confidence``, ``citations`` (a list of ``{id,
source, quote}``), ``latency_ms`` (the caller's last sound to our first; absent when nobody
had spoken), ``stages`` (a list of ``{stage, start_ms, end_ms, note}``: the waterfall),
``interrupted``, ``scene``, ``slot``, ``branch``."""

HANDOFF = "handoff"
"""One step of a hand-off: ``step`` (started, dial, result, ended), ``seat``, ``outcome``,
``reason``, ``sip_code``, ``ring_ms``."""
