"""From who sounded when to what happened between them: replies, interruptions, silences.

Pure: sounds in, events out. All times in ms from the start of the tape. Definitions and where
they come from: docs/tape.md.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.replay.tape import Reply, Sound

# A caller who was not answered for so long was missed; before that, they go on with their turn.
# EVA calls an answer after 4 s late.
MISSED_AFTER_MS = 4000
# tau-voice: an agent that goes on for 2 s after an interruption has not yielded.
NO_YIELD_MS = 2000
# tau-voice: an agent that stops within 1 s of a backchannel has taken it for an interruption.
BACKCHANNEL_YIELD_MS = 1000
# Full-Duplex-Bench: what is shorter than 1 s takes no turn. A tape alone tells listener signals
# ("嗯嗯", "好的") from interruptions only by that, so what a script knows goes before it.
BACKCHANNEL_MS = 1000
DEAD_AIR_MS = 1500
# A bot that speaks again after its own silence asks anew whether somebody is there, beyond this.
BOT_PAUSE_MS = 5000
# A sound that is no speech but long enough to be taken for some.
NOISE_MS = 200
# Less than a syllable of both at once is the line's delay, not talk-over.
MIN_OVERLAP_MS = 100


class Meant(enum.StrEnum):
    """What a caller's sound was meant as, where a script or a person says so."""

    TURN = "turn"
    INTERRUPTION = "interruption"
    BACKCHANNEL = "backchannel"
    NOISE = "noise"


@dataclass(frozen=True)
class Label:
    """A stretch of the caller's channel and what it was meant as; times in ms."""

    start_ms: int
    end_ms: int
    meant: Meant


@dataclass(frozen=True)
class Overlapped:
    """The caller sounded while the bot spoke. `bot_end_ms` is where the bot fell silent."""

    caller: Sound
    bot: Sound
    meant: Meant

    @property
    def stopped_after_ms(self) -> int:
        return self.bot.end_ms - self.caller.start_ms


@dataclass(frozen=True)
class Silence:
    """Neither side sounded, and it was the bot's turn."""

    start_ms: int
    end_ms: int

    @property
    def length_ms(self) -> int:
        return self.end_ms - self.start_ms


@dataclass(frozen=True)
class TurnTaking:
    """All that happened between the two sides of one call.

    `turns` is how many times the caller left the floor to the bot; each was answered
    (`responses`), missed, or cut off by the end of the tape. `talk_overs` are the bot's sounds
    that began inside the caller's.
    """

    turns: int
    responses: tuple[Reply, ...]
    missed: tuple[Sound, ...]
    overlapped: tuple[Overlapped, ...]
    talk_overs: tuple[Sound, ...]
    dead_air: tuple[Silence, ...]
    overlaps_ms: tuple[int, ...]

    @property
    def interruptions(self) -> tuple[Overlapped, ...]:
        return tuple(o for o in self.overlapped if o.meant is Meant.INTERRUPTION)

    @property
    def backchannels(self) -> tuple[Overlapped, ...]:
        """What should not have stopped the bot: listener signals and noise."""
        return tuple(o for o in self.overlapped if o.meant in (Meant.BACKCHANNEL, Meant.NOISE))


def read_turns(
    caller: Sequence[Sound],
    bot: Sequence[Sound],
    duration_ms: int,
    labels: Sequence[Label] = (),
    noises: Sequence[Sound] = (),
) -> TurnTaking:
    """What happened. `caller` and `bot` each in order, not overlapping themselves; `noises` are
    sounds on the caller's side that are no speech."""
    overlapped = tuple(_overlapped(caller, bot, labels, noises))
    passive = {o.caller for o in overlapped if o.meant in (Meant.BACKCHANNEL, Meant.NOISE)}
    passive |= {s for s in caller if _meant(s, labels) in (Meant.BACKCHANNEL, Meant.NOISE)}
    speaking = [sound for sound in caller if sound not in passive]
    turns, responses, missed = _answered(speaking, bot, duration_ms)
    return TurnTaking(
        turns,
        tuple(responses),
        tuple(missed),
        overlapped,
        tuple(b for b in bot if any(_inside(b.start_ms, c) for c in speaking)),
        tuple(_dead_air(speaking, caller, bot, duration_ms)),
        tuple(_overlaps(caller, bot)),
    )


def _inside(moment_ms: int, sound: Sound) -> bool:
    return sound.start_ms < moment_ms < sound.end_ms - MIN_OVERLAP_MS


def _meant(sound: Sound, labels: Sequence[Label]) -> Meant | None:
    """What the label that covers most of the sound says."""
    best, meant = 0, None
    for label in labels:
        shared = min(sound.end_ms, label.end_ms) - max(sound.start_ms, label.start_ms)
        if shared > best:
            best, meant = shared, label.meant
    return meant


def _overlapped(
    caller: Sequence[Sound], bot: Sequence[Sound], labels: Sequence[Label], noises: Sequence[Sound]
) -> list[Overlapped]:
    """The caller's sounds that began over the bot.

    Where labels say what should not stop the bot, they say it all: also of a "嗯嗯" that is too
    faint to be found. Without labels, length decides between signals and interruptions, and
    `noises` count too.
    """
    passive = (Meant.BACKCHANNEL, Meant.NOISE)
    if labels:
        heard = [*caller, *noises]
        quiet = [(_heard(e, heard), e.meant) for e in labels if e.meant in passive]
        # A turn that runs into the bot's next words is a collision, not meant to stop it.
        loud = [(s, Meant.INTERRUPTION) for s in caller if _meant(s, labels) == Meant.INTERRUPTION]
    else:
        long = [s for s in noises if s.end_ms - s.start_ms >= NOISE_MS]
        short = [s for s in caller if s.end_ms - s.start_ms < BACKCHANNEL_MS]
        quiet = [(s, Meant.NOISE) for s in long] + [(s, Meant.BACKCHANNEL) for s in short]
        loud = [(s, Meant.INTERRUPTION) for s in caller if s not in short]
    found: list[Overlapped] = []
    for sound, meant in sorted([*quiet, *loud], key=lambda each: each[0].start_ms):
        over = next((b for b in bot if b.start_ms < sound.start_ms < b.end_ms), None)
        # A bot that is silent so soon has yielded, if somebody tells that it was meant to.
        least_ms = 0 if labels and meant is Meant.INTERRUPTION else MIN_OVERLAP_MS
        if over is not None and over.end_ms - sound.start_ms >= least_ms:
            found.append(Overlapped(sound, over, meant))
    return found


def _heard(label: Label, sounds: Sequence[Sound]) -> Sound:
    """The labelled sound where the tape has it; the label itself where nobody heard it."""
    inside = [s for s in sounds if s.start_ms < label.end_ms and label.start_ms < s.end_ms]
    return inside[0] if inside else Sound(label.start_ms, label.end_ms)


def _answered(
    caller: Sequence[Sound], bot: Sequence[Sound], duration_ms: int
) -> tuple[int, list[Reply], list[Sound]]:
    """Each caller turn's answer. A sound is followed by the bot, by the caller, or by nothing."""
    turns = 0
    responses: list[Reply] = []
    missed: list[Sound] = []
    for number, sound in enumerate(caller):
        if any(b.start_ms < sound.end_ms < b.end_ms for b in bot):
            continue  # the bot has the floor: it spoke on, or began before the caller's end
        start = next((b.start_ms for b in bot if b.start_ms >= sound.end_ms), None)
        last = number + 1 == len(caller)
        following = duration_ms if last else caller[number + 1].start_ms
        if start is not None and start <= following:
            turns += 1
            responses.append(Reply(sound, start))
        elif following - sound.end_ms >= MISSED_AFTER_MS:
            turns += 1
            missed.append(sound)
    return turns, responses, missed


def _dead_air(
    speaking: Sequence[Sound], caller: Sequence[Sound], bot: Sequence[Sound], duration_ms: int
) -> list[Silence]:
    """Silences of more than `DEAD_AIR_MS` that the bot owed sound in.

    After the caller's turn: until the bot sounds, the caller does, or the tape ends. After the
    bot's own sound: until its next one, up to `BOT_PAUSE_MS` (a filler with nothing behind it).
    """
    found: list[Silence] = []
    everything = sorted([*caller, *bot], key=lambda sound: sound.start_ms)
    for sound in speaking:
        if any(o.start_ms < sound.end_ms < o.end_ms for o in everything):
            continue
        then = next((o.start_ms for o in everything if o.start_ms >= sound.end_ms), duration_ms)
        found.append(Silence(sound.end_ms, then))
    for number, sound in enumerate(bot[:-1]):
        then = bot[number + 1].start_ms
        between = any(c.end_ms > sound.end_ms and c.start_ms < then for c in caller)
        if not between and then - sound.end_ms <= BOT_PAUSE_MS:
            found.append(Silence(sound.end_ms, then))
    return sorted(
        (each for each in found if each.length_ms > DEAD_AIR_MS), key=lambda each: each.start_ms
    )


def _overlaps(caller: Sequence[Sound], bot: Sequence[Sound]) -> list[int]:
    """Lengths in ms of each stretch in which both sounded."""
    lengths = (min(c.end_ms, b.end_ms) - max(c.start_ms, b.start_ms) for c in caller for b in bot)
    return [length for length in lengths if length >= MIN_OVERLAP_MS]
