"""The plan of docs/architecture.md, held against the imports that the code really makes."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# A room may import rooms of a lower floor, and its own.
FLOORS = (
    {"errors", "remote"},
    {"settings", "weights", "pack_prompts", "pack_yaml"},
    {"scenes"},
    {"pack"},
    {"pack_info", "pack_reading", "pack_language"},
    {"pack_loader"},
    {"knowledge", "language", "speech", "records", "line", "ears"},
    {"dialog", "turns"},
    {"handoff", "webhooks", "workshop"},
    {"wrapup", "assist"},
    {"session"},
    {"replay", "console", "serving", "metrics", "live_pack"},
    {"app"},
    {"app_serving"},
    {"demo"},
    {"cli"},
    {"__main__"},
)
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def imported_modules(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", ["telephony", "asr_models"])
def test_line_and_ears_know_nothing_of_the_bot(package: str) -> None:
    assert sources(package)
    for path in sources(package):
        guests = {m for m in imported_modules(path) if m.split(".")[0] == "voicebot"}
        assert not guests, f"{path.relative_to(ROOT)} imports {guests}"


def test_every_room_has_a_floor() -> None:
    rooms = {
        p.stem if p.is_file() else p.name
        for p in (ROOT / "voicebot").iterdir()
        if (p.suffix == ".py" and p.stem != "__init__") or (p / "__init__.py").exists()
    }
    assert rooms == set(FLOOR_OF), "docs/architecture.md and FLOORS must name every room"


def test_imports_run_downwards() -> None:
    wrong = []
    for path in sources("voicebot"):
        parts = path.relative_to(ROOT / "voicebot").with_suffix("").parts
        if parts[0] == "__init__":
            continue
        for module in imported_modules(path):
            names = module.split(".")
            if names[0] != "voicebot" or len(names) == 1 or names[1] == parts[0]:
                continue
            if FLOOR_OF.get(names[1], 0) >= FLOOR_OF[parts[0]]:
                wrong.append(f"{path.relative_to(ROOT)} imports {module}")
    assert not wrong, "\n".join(wrong)
