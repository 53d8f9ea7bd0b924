"""Packs: what loads, and what an author reads when it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pack.conftest import Break
from voicebot.errors import PackError
from voicebot.pack_loader import load_pack, read_pack, scene_entries
from voicebot.settings import SERVER_PACK

SCENE = "scenes/paper_jam.yaml"


def test_the_demo_pack_loads() -> None:
    pack = load_pack(SERVER_PACK)
    assert pack.info.company == "云岚科技"
    assert len(pack.scenes) >= 42 and len(pack.faq) > 50 and len(pack.documents) >= 3
    assert pack.scene("storage.disk_not_detected") is not None
    assert pack.scene("nothing") is None
    assert "故障/存储/硬盘不识别" in pack.labels.problem
    assert "冒烟" in pack.danger_words


def test_another_company_needs_no_code(root: Path) -> None:
    pack = load_pack(root)
    assert pack.info.company == "某某科技"
    assert [scene.id for scene in pack.scenes] == [
        "printer.paper_jam",
        "service.repair_request",
    ]
    assert pack.faq[0].similar and pack.faq[0].source == "服务政策 1"
    entry, _ = scene_entries(pack)
    assert entry[:2] == ("printer.paper_jam", "打印机卡纸")
    assert "提示卡纸" in entry[2] and entry[3] == ("怎么加纸",)


def test_optional_prompts_have_words_of_our_own(root: Path) -> None:
    prompts = load_pack(root).prompts
    assert prompts.get("still_there") != prompts.get("still_there", 1)
    assert prompts.get("greeting", 7) == prompts.get("greeting")
    with pytest.raises(KeyError):
        prompts.get("no_such_prompt")


def test_yes_and_no_stay_text(root: Path, change: Break) -> None:
    change(
        "lexicon.yaml",
        "- {term: P100",
        "- {term: on, kind: term, spoken: [yes, no]}\n- {term: P100",
    )
    term = load_pack(root).lexicon[0]
    assert (term.term, term.spoken) == ("on", ("yes", "no"))


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "pack.toml",
            'company = "某某科技"',
            "",
            "pack.toml: company: expected a text, got nothing",
        ),
        (
            "pack.toml",
            "speed = 1.0",
            'speed = "fast"',
            "voice.speed: expected a number, got 'fast'",
        ),
        ("pack.toml", "speed = 1.0", "speed = 9.0", "voice.speed: expected 0.5 to 2.0, got 9.0"),
        ("pack.toml", "[voice]", "[sound]", "sound: expected one of"),
        ("pack.toml", "[voice]", "[voice", "expected valid TOML"),
        ("prompts.yaml", "greeting: ", "greetings: ", "the unknown key 'greetings'"),
        (
            "prompts.yaml",
            "filler: [好，我查一下。, 稍等，我看看资料。]",
            "",
            "expected the key 'filler'",
        ),
        ("prompts.yaml", "您说的是{scene}", "您说的是它", "clarify_scene: expected {scene}"),
        ("prompts.yaml", "goodbye: ", "greeting: [再来]\ngoodbye: ", "expected the key once"),
        ("lexicon.yaml", "kind: part", "kind: thing", "lexicon.yaml:4: [1].kind: expected one of"),
        ("lexicon.yaml", "term: 硒鼓", "term: P100", "each term once"),
        ("lexicon.yaml", "kind: part", "sort: part", "unknown key 'sort'"),
        ("labels.yaml", "solution:", "solutions:", "labels.yaml"),
        ("faq/general.yaml", "  question: 保修多久\n", "", "expected the key 'question', got none"),
        (
            "faq/general.yaml",
            "  answer:",
            "  status: maybe\n  answer:",
            "draft, approved, retired, rejected",
        ),
        (
            "faq/general.yaml",
            "  answer:",
            "  until: 31.12.2026\n  answer:",
            "until: expected a day like 2026-01-31",
        ),
        (
            "faq/general.yaml",
            "  answer:",
            "  from: 2026-12-31\n  until: 2026-01-01\n  answer:",
            "until: expected a day not before 2026-12-31, got 2026-01-01",
        ),
        (SCENE, "label: 故障/卡纸", "label: 故障/没有", "a label of labels.yaml, got '故障/没有'"),
        (SCENE, "name: 打印机卡纸", "name: &x 打印机卡纸", "expected no anchors"),
        (SCENE, "name: 打印机卡纸", "name: [打印机卡纸]", "name: expected one text, got a list"),
        (SCENE, "id: printer.paper_jam", "id: Paper Jam", "expected an id like"),
        (SCENE, "type: enum", "type: list", "expected one of enum, bool, regex, term, number"),
        (SCENE, "required: true", "required: maybe", "expected yes or no, got 'maybe'"),
    ],
)
def test_one_mistake_is_one_line_with_its_place(
    root: Path, change: Break, file: str, old: str, new: str, message: str
) -> None:
    change(file, old, new)
    with pytest.raises(PackError) as caught:
        load_pack(root)
    text = str(caught.value)
    assert message in text and file in text
    assert "\n" not in text


def test_all_mistakes_are_listed(root: Path, change: Break) -> None:
    change("lexicon.yaml", "kind: part", "kind: thing")
    change("prompts.yaml", "greeting: ", "greetings: ")
    _, problems = read_pack(root)
    assert len(problems) == 3
    with pytest.raises(PackError, match="and 2 more"):
        load_pack(root)


def test_missing_folder_and_files(tmp_path: Path, root: Path) -> None:
    with pytest.raises(PackError, match="expected a folder, got none"):
        load_pack(tmp_path / "nowhere")
    (root / "prompts.yaml").unlink()
    with pytest.raises(PackError, match=r"prompts\.yaml: file: expected a readable file"):
        load_pack(root)


def test_huge_files_bad_bytes_and_foreign_files_are_refused(root: Path) -> None:
    (root / "faq" / "big.yaml").write_bytes(b"# " + b"x" * 2_000_001)
    (root / "faq" / "latin.yaml").write_bytes(b"- \xff\xfe")
    (root / "documents" / "tool.exe").write_bytes(b"MZ")
    (root / "notes.docx").write_bytes(b"")
    texts = [str(problem) for problem in read_pack(root)[1]]
    assert any("big.yaml: size: expected at most" in text for text in texts)
    assert any("latin.yaml:1: encoding: expected UTF-8" in text for text in texts)
    assert any("tool.exe: file: expected .md" in text for text in texts)
    assert any("notes.docx" in text for text in texts)


def test_links_out_of_the_pack_are_refused(root: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.md"
    secret.write_text("secret", encoding="utf-8")
    (root / "documents" / "link.md").symlink_to(secret)
    pack, problems = read_pack(root)
    assert pack is not None and all(path.name != "link.md" for path in pack.documents)
    assert any("inside the pack" in str(problem) for problem in problems)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "a: &a [x]\nb: [*a, *a]",
        "a: b: c",
        "\x00",
        "- !!python/object:os.system x",
        "",
    ],
)
def test_hostile_yaml_is_a_problem_not_a_crash(root: Path, text: str) -> None:
    (root / "lexicon.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PackError):
        load_pack(root)


def test_sensitive_topics_are_the_packs_own(root: Path) -> None:
    assert "投诉" in load_pack(root).info.sensitive
    with (root / "pack.toml").open("a", encoding="utf-8") as file:
        file.write('\n[sensitive]\n"投诉" = []\n"召回" = ["召回"]\n')
    topics = load_pack(root).info.sensitive
    assert topics["投诉"] == () and topics["召回"] == ("召回",) and topics["法律"]
    with (root / "pack.toml").open("a", encoding="utf-8") as file:
        file.write('"价格" = 3\n')
    with pytest.raises(PackError, match=r"sensitive\.价格"):
        load_pack(root)
