"""A run as JUnit XML, which CI systems read: a suite a kind, a case a call."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET  # only writes here: nothing of others is parsed
from pathlib import Path

from voicebot.replay.results import CallResult, Run

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(run: Run, path: Path, regressions: tuple[str, ...] = ()) -> None:
    """Write the file. With a baseline, `regressions` are a suite of their own."""
    root = ET.Element("testsuites", name="voicebot replay")
    kinds = dict.fromkeys(call.kind or "calls" for call in run.calls)
    for kind in kinds:
        of_kind = [call for call in run.calls if (call.kind or "calls") == kind]
        suite = _suite(root, kind, len(of_kind))
        for call in of_kind:
            _case(suite, kind, call)
        suite.set("failures", str(sum(not c.ok and not c.error for c in of_kind)))
        suite.set("errors", str(sum(bool(c.error) for c in of_kind)))
    if regressions:
        suite = _suite(root, "baseline", len(regressions))
        suite.set("failures", str(len(regressions)))
        for line in regressions:
            case = ET.SubElement(suite, "testcase", classname="baseline", name=_clean(line))
            ET.SubElement(case, "failure", message=_clean(line))
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _suite(root: ET.Element, name: str, tests: int) -> ET.Element:
    return ET.SubElement(
        root, "testsuite", name=_clean(name), tests=str(tests), failures="0", errors="0"
    )


def _case(suite: ET.Element, kind: str, call: CallResult) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        classname=_clean(kind),
        name=_clean(call.name),
        time=f"{call.length_ms / 1000:.2f}",
    )
    if call.error:
        ET.SubElement(case, "error", message=_clean(call.error))
    for check in call.checks:
        if not check.ok:
            where = f"turn {check.turn}: " if check.turn else ""
            failure = ET.SubElement(case, "failure", message=_clean(where + check.what))
            failure.text = _clean(check.found)


def _clean(text: str) -> str:
    """Without what XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)
