"""From files to passages: one reader a format, one report a file."""

from voicebot.knowledge.ingest.files import FileReport, read_file
from voicebot.knowledge.ingest.finding import find_files
from voicebot.knowledge.ingest.reader_process import ReaderProcess

__all__ = ["FileReport", "ReaderProcess", "find_files", "read_file"]
