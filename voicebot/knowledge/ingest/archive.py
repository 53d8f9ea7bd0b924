"""DOCX and XLSX are zip archives: their size is checked before anything is unpacked."""

from __future__ import annotations

import zipfile
from pathlib import Path

from voicebot.knowledge.ingest.reader_process import ReaderError

MAX_UNPACKED_BYTES = 512 * 1024 * 1024
MAX_RATIO = 200  # text in XML is packed 5 to 30 times
MAX_MEMBERS = 10_000
_FREE_BYTES = 16 * 1024 * 1024  # below this a high ratio does no harm
_OLE_MAGIC = b"\xd0\xcf\x11\xe0"


def check_archive(path: Path, needs: str, what: str) -> None:
    """Raises ReaderError unless the archive is sound and holds `needs`. `what` names the format.

    The sizes that the directory declares hold: unpacking stops there.
    """
    with path.open("rb") as file:
        magic = file.read(4)
    if magic == _OLE_MAGIC:
        raise ReaderError(f"is encrypted, or of an old format; save it as {what} without password")
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise ReaderError(f"is no {what} file, or a damaged one") from None
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members) or 1
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED_BYTES:
        raise ReaderError(
            f"would unpack to {unpacked >> 20} MB in {len(members)} parts; "
            f"at most {MAX_UNPACKED_BYTES >> 20} MB in {MAX_MEMBERS} are read"
        )
    if unpacked > _FREE_BYTES and unpacked > MAX_RATIO * packed:
        raise ReaderError(f"is packed {unpacked // packed} times; at most {MAX_RATIO} are read")
    if any(member.flag_bits & 1 for member in members):
        raise ReaderError("is encrypted; save it without a password")
    if not any(member.filename == needs for member in members):
        raise ReaderError(f"is no {what} file: {needs} is missing in it")
