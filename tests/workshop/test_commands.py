"""The commands, as they are typed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.workshop.calls import REFUSED, keep_call
from voicebot.cli import app
from voicebot.errors import PackError, RecordsError
from voicebot.knowledge import build
from voicebot.knowledge.knowledge import Knowledge
from voicebot.records import Records
from voicebot.records.draft import DraftKind, new_draft
from voicebot.workshop.editing import PackEditor

FAQ = "faq/general.yaml"


def run(*words: str | Path, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.stdout


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[tuple[Path, Records]]:
    folder = tmp_path / "kept"
    records = Records.open(folder)
    yield folder, records
    records.close()


def test_an_edited_copy_is_published_listed_and_rolled_back(pack: Path, tmp_path: Path) -> None:
    assert "none yet" in run("pack", "versions", pack)
    copy = tmp_path / "edited"
    shutil.copytree(pack, copy)
    text = (copy / FAQ).read_text(encoding="utf-8").replace("一年", "两年")
    (copy / FAQ).write_text(text, encoding="utf-8")
    (copy / "scenes" / "paper_jam.yaml").unlink()
    said = run("pack", "publish", pack, copy, "--why", "新政策", "--dry-run")
    assert "+  answer: 整机保修两年" in said and "not published" in said
    assert "一年" in PackEditor(pack).read(FAQ).text
    said = run("pack", "publish", pack, copy, "--why", "新政策", "--by", "王主管")
    assert "version 2 is live (2 files" in said
    assert not (pack / "scenes" / "paper_jam.yaml").exists()
    said = run("pack", "versions", pack)
    assert "王主管  新政策" in said and "as it was" in said
    assert "-  answer: 整机保修一年" in run("pack", "versions", pack, "2")
    assert "this is version 3" in run("pack", "rollback", pack, "1", "--by", "李四")
    assert (pack / "scenes" / "paper_jam.yaml").exists()


def test_one_file_is_published_and_a_wrong_one_is_not(pack: Path, tmp_path: Path) -> None:
    new = tmp_path / "general.yaml"
    text = (pack / FAQ).read_text(encoding="utf-8")
    new.write_text(text.replace("一年", "两年"), encoding="utf-8")
    assert "version 2 is live (1 files" in run("pack", "publish", pack, new, "--why", "x")
    new.write_text(text.replace("answer:", "anser:"), encoding="utf-8")
    said = run("pack", "publish", pack, new, "--why", "x", code=2)
    assert "unknown key 'anser'" in said and "not published" in said
    assert "nothing was changed; not published" in run(
        "pack", "publish", pack, pack, "--why", "x", code=2
    )
    new.write_bytes(b"\xff\xfe")
    with pytest.raises(PackError, match="expected UTF-8"):
        run("pack", "publish", pack, new, "--why", "x")
    with pytest.raises(PackError, match="expected --as"):
        run("pack", "publish", pack, tmp_path / "strange.yaml", "--why", "x")
    with pytest.raises(PackError, match="cannot be read"):
        run("pack", "publish", pack, tmp_path / "gone.yaml", "--as", "faq/gone.yaml", "--why", "x")


@pytest.mark.weights
def test_from_calls_to_the_pack(
    pack: Path,
    kept: tuple[Path, Records],
    knowledge: Knowledge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(build, "build_knowledge", lambda *_: knowledge)
    folder, records = kept
    for said in ("打印机能不能连无线网", "请问打印机能不能连无线网啊", "这台机器保修保几年"):
        keep_call(records, [(said, REFUSED)])
    records.close()
    where = ("--records", folder)
    said = run("drafts", "mine", *where, "--pack", pack)
    assert "3 calls, 3 questions without a good answer, 2 different ones: 2 new drafts" in said
    assert "1 have no answer in the documents" in said
    ours = ("drafts", "list", *where, "--pack", pack)
    listed = [json.loads(line) for line in run(*ours, "--json").splitlines()]
    assert [each["count"] for each in listed] == [2, 1]
    faq, similar = listed
    assert "asked 2 times" in run(*ours)
    assert "asked 2 times" in run("drafts", "list", *where, "--all")
    assert "none of the pack server" in run("drafts", "list", *where), "of another pack"
    with pytest.raises(PackError, match="has no answer"):
        run("drafts", "accept", faq["id"][:8], *where, "--pack", pack)
    answer = "可以，在设置里打开无线。"
    assert answer in run("drafts", "edit", faq["id"][:8], "--answer", answer, *where)
    ids = (faq["id"][:8], similar["id"])
    said = run("drafts", "accept", *ids, *where, "--pack", pack, "--by", "王主管")
    assert "2 accepted, live in version 2" in said
    assert PackEditor(pack).versions()[0].by == "王主管"
    assert "none of the pack" in run(*ours)
    assert "none;" in run("drafts", "list", *where, "--all")
    assert "王主管" in run(*ours, "--state", "accepted")


@pytest.mark.weights
def test_similar_questions_by_rule(
    pack: Path,
    kept: tuple[Path, Records],
    knowledge: Knowledge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(build, "build_knowledge", lambda *_: knowledge)
    said = run("drafts", "similar", "--records", kept[0], "--pack", pack, "--most", "1")
    assert said.startswith("1 FAQ, ") and "1 new drafts" in said
    draft = kept[1].drafts.list()[0]
    assert "1 rejected" in run(
        "drafts", "reject", draft.id, "--records", kept[0], "--why", "没人这么说"
    )
    assert kept[1].drafts.get(draft.id).why == "没人这么说"


def test_words_that_steer_a_terminal_or_rich_are_shown_as_words(
    kept: tuple[Path, Records],
) -> None:
    draft = new_draft(DraftKind.FAQ, "[red]怎么[/] [link=http://x]连", answer="[/bold]")
    kept[1].drafts.add("ours", [draft])
    said = run("drafts", "list", "--records", kept[0], "--all")
    assert "[red]怎么[/] [link=http://x]连" in said and "[/bold]" in said


def test_bad_options_are_told(kept: tuple[Path, Records], tmp_path: Path) -> None:
    with pytest.raises(RecordsError, match="expected one of proposed, accepted, rejected, all"):
        run("drafts", "list", "--state", "maybe", "--records", kept[0])
    with pytest.raises(RecordsError, match="no draft begins with abcd"):
        run("drafts", "accept", "abcd", "--records", kept[0])
    with pytest.raises(RecordsError, match="no calls are kept"):
        run("drafts", "list", "--records", tmp_path / "nowhere")
