"""The process that `ReaderProcess` starts: one request a line in, progress and a document out."""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from voicebot.knowledge.ingest.reader_process import Beat, Pages, ReaderError
from voicebot.knowledge.ingest.rich import read_rich


def main() -> None:
    """Arguments: bytes of address space, seconds for a file."""
    memory_bytes, file_s = (int(argument) for argument in sys.argv[1:3])
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is our parent's to handle
    logging.disable(logging.CRITICAL)
    out = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # a parser that prints must not talk into the protocol

    def reply(fields: dict[str, Any]) -> None:
        out.write(json.dumps(fields).encode() + b"\n")

    reply({"ready": True})
    for line in sys.stdin.buffer:
        request = json.loads(line)
        signal.alarm(file_s)  # should our parent have died: end by ourselves
        reply(
            _answer(
                request,
                lambda done, total: reply({"done": done, "total": total}),
                lambda: reply({"beat": True}),
            )
        )
        signal.alarm(0)


def _answer(request: dict[str, Any], pages: Pages, beat: Beat) -> dict[str, Any]:
    pictures = Path(request["pictures"]) if request["pictures"] else None
    try:
        return {"document": read_rich(Path(request["path"]), pictures, pages, beat).to_json()}
    except ReaderError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "needs more memory than a file may take; split it"}
    except RecursionError:
        return {"error": "is nested too deeply to be read"}
    except OSError as error:
        return {"error": f"cannot be read: {error.strerror or error}"}
    except Exception as error:  # parsers of hostile files raise anything
        said = " ".join(str(error).split())[:200]
        return {"error": f"is damaged: {type(error).__name__}{': ' if said else ''}{said}"}


if __name__ == "__main__":
    main()
