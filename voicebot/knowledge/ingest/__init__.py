"""From files to passages: one reader a format, one report a file."""

from voicebot.knowledge.ingest.files import FileReport, find_files, read_file

__all__ = ["FileReport", "find_files", "read_file"]
