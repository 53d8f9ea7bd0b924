"""The peers' tests share the phones and sounds of tests/telephony."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "telephony"))
