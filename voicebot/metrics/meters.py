"""Session events as Prometheus metrics. Names and labels: docs/metrics.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from voicebot import __version__
from voicebot.metrics import labels
from voicebot.session import events as facts

# Dense where callers notice: around the 1.5 s after which silence is dead air.
LATENCY_S = (0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0)
STAGE_S = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)
STOP_S = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0)
CALL_S = (5.0, 15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 3600.0)
MOS = (1.0, 2.0, 2.5, 3.0, 3.5, 3.8, 4.0, 4.2, 4.4, 5.0)
LOSS = (0.0, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass
class _Open:
    """A call in progress: is the bot owing a first sound, an answer?"""

    owes_sound: bool = False
    owes_answer: bool = False


class Meters:
    """A `CallObserver` that counts. Label values come from fixed vocabularies: no number, name or
    word of a caller gets into one, and there are never more series than those allow."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._open: dict[str, _Open] = {}

        def counter(name: str, text: str, *names: str) -> Counter:
            return Counter(f"voicebot_{name}", text, names, registry=registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...], *names: str) -> Histogram:
            return Histogram(f"voicebot_{name}", text, names, buckets=buckets, registry=registry)

        Gauge(
            "voicebot_build_info", "The version that runs", ["version"], registry=registry
        ).labels(__version__).set(1)
        self._registry = registry
        active = Gauge("voicebot_calls_active", "Calls in progress", registry=registry)
        active.set_function(lambda: len(self._open))
        self._calls = counter("calls", "Calls that ended", "outcome", "ended_by")
        self._length = histogram("call_duration_seconds", "Length of calls", CALL_S)
        self._turns = counter("caller_turns", "Turns of callers", "understood")
        self._response = histogram(
            "response_latency_seconds",
            "From the caller's last sound to the bot's first, whatever it was",
            LATENCY_S,
        )
        self._answer = histogram(
            "answer_latency_seconds",
            "From the caller's last sound to what was no filler, by who answered",
            LATENCY_S,
            "rung",
        )
        self._stages = histogram("stage_seconds", "Time in a stage of a turn", STAGE_S, "stage")
        self._skipped = counter("stages_skipped", "Stages left out for lack of time", "stage")
        self._utterances = counter("utterances", "What the bot began to say", "kind")
        self._interruptions = counter("interruptions", "Callers who stopped the bot")
        self._stop = histogram(
            "interruption_stop_seconds", "From the caller's onset to the bot's decision", STOP_S
        )
        self._signals = counter("listener_signals", "Words over the bot that did not stop it")
        self._resumed = counter("resumed", "What had stopped the bot was no interruption")
        self._searches = histogram("search_seconds", "Time of searches in the knowledge", STAGE_S)
        self._handoffs_started = counter("handoffs_started", "Humans called for", "reason")
        self._handoffs = counter("handoffs", "How hand-offs ended", "outcome")
        self._rings = counter("seat_rings", "How tries of single seats ended", "outcome")
        self._troubles = counter("troubles", "What failed inside while the call went on")
        self._mos = histogram("call_mos", "Estimated quality of the line (E-model)", MOS)
        self._loss = histogram("call_loss_ratio", "Packets of a call that were lost", LOSS)

    def watch(self, name: str, text: str, value: Callable[[], float]) -> None:
        """A gauge ``voicebot_NAME`` that is asked whenever somebody reads the metrics."""
        Gauge(f"voicebot_{name}", text, registry=self._registry).set_function(value)

    def __call__(self, call_id: str, event: facts.SessionEvent) -> None:
        call = self._open.setdefault(call_id, _Open())
        match event:
            case facts.CallerSpoke():
                understood = bool(event.text)
                self._turns.labels("yes" if understood else "no").inc()
                call.owes_sound = call.owes_answer = understood
            case facts.BotSpoke():
                self._spoke(call, event)
            case facts.BotInterrupted():
                self._interruptions.inc()
                self._stop.observe(event.stopped_after_ms / 1000)
            case facts.ListenerSignal():
                self._signals.inc()
            case facts.BotResumed():
                self._resumed.inc()
            case facts.Searched():
                self._searches.observe(event.elapsed_ms / 1000)
            case facts.HandoffStarted():
                self._handoffs_started.labels(labels.REASONS.of(event.reason)).inc()
            case facts.HandoffFinished():
                self._handoffs.labels(labels.HANDOFFS.of(event.outcome)).inc()
            case facts.SeatRang():
                self._rings.labels(labels.HANDOFFS.of(event.outcome)).inc()
            case facts.Trouble():
                self._troubles.inc()
            case facts.CallQuality():
                self._mos.observe(event.mos)
                self._loss.observe(event.loss_percent / 100)
            case facts.CallEnded():
                self._ended(call_id, event)

    def _spoke(self, call: _Open, event: facts.BotSpoke) -> None:
        self._utterances.labels(labels.KINDS.of(event.kind)).inc()
        if event.since_caller_ms is None:
            return
        if call.owes_sound:
            self._response.observe(event.since_caller_ms / 1000)
            call.owes_sound = False
        if event.kind == "filler":
            return
        if call.owes_answer:
            rung = labels.RUNGS.of(event.rung)
            self._answer.labels(rung).observe(event.since_caller_ms / 1000)
            call.owes_answer = False
        for stage in event.stages:
            name = labels.STAGES.of(stage["stage"])
            if str(stage["note"]).startswith("skipped"):
                self._skipped.labels(name).inc()
            else:
                self._stages.labels(name).observe((stage["end_ms"] - stage["start_ms"]) / 1000)

    def _ended(self, call_id: str, event: facts.CallEnded) -> None:
        del self._open[call_id]
        outcome, by = labels.OUTCOMES.of(event.outcome), labels.ENDED_BY.of(event.by)
        self._calls.labels(outcome, by).inc()
        self._length.observe(event.at_ms / 1000)
