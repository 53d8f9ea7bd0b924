"""`PackEditor`: edits of a pack that are checked before callers meet them, and kept as versions."""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from voicebot.errors import EditConflictError, PackError
from voicebot.pack_yaml import MAX_FILE_BYTES
from voicebot.workshop.checks import Step, check_files, silent, warnings_of
from voicebot.workshop.history import History, Version, diff_files
from voicebot.workshop.paths import editable_files, inside, is_built_in
from voicebot.workshop.proposal import Change, PackFile, Proposal, proposal
from voicebot.workshop.tree import fingerprint, mend, read_files, stamp, swap, twin

_WHY_CHARS = 200
_BY_CHARS = 64


class PackEditor:
    """Edits the pack in `folder`. Every method raises PackError.

    Nothing is held between calls but the folder's name: any number of editors, in any number of
    processes, may work at once. What is published replaces the folder as a whole.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder.resolve()
        self._history = History(self.root)
        mendable = not is_built_in(self.root) and self.root.name != ""
        if mendable and not self.root.is_dir() and self.root.parent.is_dir():
            mend(self.root)  # the renames of a system that cannot exchange two names
        if not self.root.is_dir():
            raise PackError(f"{folder}: expected a pack's folder; see voicebot pack new")

    @property
    def read_only(self) -> str:
        """Why nothing can be published here; "" if it can."""
        if not is_built_in(self.root):
            return ""
        return (
            f"{self.root.name}: this pack is part of voicebot and is replaced by upgrades; copy it "
            "first (cp -r), name the copy as `pack` in the settings, and edit that"
        )

    def pack_name(self) -> str:
        """The name in its pack.toml, under which its drafts are kept."""
        try:
            name = tomllib.loads(self.read("pack.toml").text).get("name")
        except tomllib.TOMLDecodeError as error:
            raise PackError(f"pack.toml: expected valid TOML: {error}; correct it") from None
        if not isinstance(name, str) or not name:
            raise PackError("pack.toml: name: expected the pack's name, got none; add it")
        return name

    def files(self) -> tuple[str, ...]:
        """The paths of the files that can be edited."""
        return editable_files(self.root)

    def read(self, path: str) -> PackFile:
        """A file's text; empty, with an empty stamp, if there is none yet."""
        content = self._content(path)
        if content is None:
            return PackFile(path, "", "")
        try:
            return PackFile(path, content.decode("utf-8-sig"), stamp(content))
        except UnicodeDecodeError as error:
            raise PackError(
                f"{path}: expected UTF-8, got something else (byte {error.start}); save it as UTF-8"
            ) from None

    def propose(
        self, path: str, text: str | None, base: str | None = None, step: Step = silent
    ) -> Proposal:
        """Check the pack as it would be with this text in `path` (None: without the file).

        `base` is the stamp of what was read before the edit; left out, the file as it is now.
        Raises EditConflictError if the file is no longer that one.
        """
        return self.propose_all({path: text}, {} if base is None else {path: base}, step)

    def propose_all(
        self,
        texts: Mapping[str, str | None],
        bases: Mapping[str, str] | None = None,
        step: Step = silent,
    ) -> Proposal:
        """`propose` for several files at once: all of them go live, or none."""
        changes = []
        for path, text in texts.items():
            before = self._content(path)
            now = stamp(before)
            change = Change(path, _clean(path, text, before), (bases or {}).get(path, now))
            self._expect_base(change, now)
            changes.append(change)
        return self._checked(changes, step)

    def publish(self, proposed: Proposal, by: str, why: str = "", step: Step = silent) -> Version:
        """Make it live, whole or not at all; who and why is kept with the version.

        If others have published since it was checked, it is checked again together with theirs.
        Raises EditConflictError if they changed the same file, PackError if something is wrong.
        """
        who = _one_line(by, _BY_CHARS)
        if not who:
            raise PackError("publish: expected who does it, got nobody")
        with self._publishing(who):
            for change in proposed.changes:
                self._expect_base(change, stamp(self._content(change.path)))
            live = read_files(self.root)
            after = _changed(live, proposed.changes)
            if proposed.ok and fingerprint(after) != proposed.tree:
                proposed = self._checked(proposed.changes, step)
            if not proposed.ok:
                raise PackError(f"publish: it does not pass the checks: {proposed.wrong}")
            return self._go_live(live, after, who, _one_line(why, _WHY_CHARS))

    def versions(self) -> tuple[Version, ...]:
        """All kept versions, newest first; none before the first edit."""
        return self._history.versions()

    def diff(self, number: int) -> str:
        """What a version changed, as a unified diff."""
        return self._history.diff(number)

    def roll_back(self, version: int, by: str, why: str = "", step: Step = silent) -> Version:
        """Publish an older version again, as a new one. Documents stay as they are.

        Raises PackError if that version cannot be loaded any more. Tests that fail are no reason:
        it was live before.
        """
        who = _one_line(by, _BY_CHARS)
        if not who:
            raise PackError("rollback: expected who does it, got nobody")
        with self._publishing(who):
            live, after = read_files(self.root), self._history.files(version)
            if fingerprint(live) == fingerprint(after):
                raise PackError(f"rollback: the pack is as version {version} already")
            checked = check_files(self.root, after, step)
            if not checked.loads:
                raise PackError(
                    f"rollback: version {version} cannot be loaded: {checked.errors[0]}"
                )
            said = _one_line(f"back to version {version}" + (f": {why}" if why else ""), _WHY_CHARS)
            return self._go_live(live, after, who, said)

    # --- how --------------------------------------------------------------------------------
    @contextlib.contextmanager
    def _publishing(self, who: str) -> Iterator[None]:
        """The right to publish, once what a crash left is settled."""
        if self.read_only:
            raise PackError(self.read_only)
        with self._history.locked(who):
            mend(self.root)
            self._history.settle(read_files(self.root))
            yield

    def _checked(self, changes: Sequence[Change], step: Step) -> Proposal:
        live = read_files(self.root)
        after = _changed(live, changes)
        checked = check_files(self.root, after, step)
        known = warnings_of(self.root) if checked.problems else frozenset()
        return proposal(changes, checked, known, diff_files(live, after), fingerprint(after))

    def _go_live(
        self, live: Mapping[str, bytes], after: Mapping[str, bytes], by: str, why: str
    ) -> Version:
        self._history.keep_outside_changes(live)
        paths = {path for path in {*live, *after} if live.get(path) != after.get(path)}
        with twin(self.root, {path: after.get(path) for path in paths}) as part:
            self._history.prepare(after, by, why)
            swap(part, self.root)
            return self._history.finish()

    def _content(self, path: str) -> bytes | None:
        place = inside(self.root, path)
        try:
            if place.exists() and place.stat().st_size > MAX_FILE_BYTES:
                raise PackError(f"{path}: expected at most {MAX_FILE_BYTES} bytes; split the file")
            return place.read_bytes() if place.exists() else None
        except OSError as error:
            raise PackError(f"{path}: cannot be read: {error.strerror}") from None

    def _expect_base(self, change: Change, now: str) -> None:
        if change.base == now:
            return
        last = self._history.last_change(change.path)
        who = f" by {last.by} (version {last.number})" if last and last.by else ""
        raise EditConflictError(
            f"{change.path}: it was changed{who} since you read it; read it again and repeat your "
            "edit there"
        )


def _changed(live: Mapping[str, bytes], changes: Sequence[Change]) -> dict[str, bytes]:
    after = dict(live)
    for change in changes:
        if change.text is None:
            after.pop(change.path, None)
        else:
            after[change.path] = change.text.encode()
    return after


def _clean(path: str, text: str | None, before: bytes | None) -> str | None:
    """The text with the line ends that the file had (browsers send others); what cannot be stored
    is refused."""
    if text is None:
        return None
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    if any(0xD800 <= ord(char) <= 0xDFFF for char in plain):
        raise PackError(f"{path}: expected Unicode text, got half a character; type it again")
    if len(plain.encode()) > MAX_FILE_BYTES:
        raise PackError(f"{path}: expected at most {MAX_FILE_BYTES} bytes; split the file")
    return plain.replace("\n", "\r\n") if before and b"\r\n" in before else plain


def _one_line(text: str, most: int) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:most]
