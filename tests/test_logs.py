"""How failures are logged."""

from __future__ import annotations

import pytest
import structlog

from voicebot.cli.logs import plain_logs


def test_a_log_that_is_no_terminal_has_plain_tracebacks_and_no_colour_codes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = structlog.get_config()
    try:
        plain_logs()
        secret = "a local variable"
        try:
            raise RuntimeError("broken")
        except RuntimeError:
            structlog.get_logger().exception("turn failed", call_id="7")
    finally:
        structlog.configure(**before)
    logged = capsys.readouterr().out
    assert "turn failed" in logged and "RuntimeError: broken" in logged
    assert "\x1b[" not in logged
    assert secret not in logged
