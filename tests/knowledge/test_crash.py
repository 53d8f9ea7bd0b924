"""A writer that dies at any moment, and a disk that takes no more: the index stays whole."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

# Forks one writer after another. Each counts what it does to files (Python's audit events) and
# kills itself at a random one; then the index is opened and must be that of before or of after.
WRITER = """
import os, random, signal, sys
from pathlib import Path
from tests.knowledge.hashing import HashingEmbedder
from voicebot.knowledge import index
from voicebot.knowledge.knowledge import Knowledge
from voicebot.knowledge.vectors.choice import VectorChoice

FILES = ("open", "os.rename", "os.mkdir", "os.link", "os.remove", "os.rmdir", "shutil.rmtree")
folder, place, rounds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
cells = VectorChoice("ivf", delta_from=10)
rng = random.Random(6)

def write(number):
    for path in folder.glob("*.txt"):
        path.unlink()
    # every fourth time most of it changes, so that the large part is built anew
    for n in range(30):
        edition = number // 4 * 4 if n else number
        (folder / f"{n}.txt").write_text(f"第{n}条，第{edition}版。", encoding="utf-8")

def build():
    Knowledge.build((), [folder], (), HashingEmbedder(), place, vectors=cells)

def editions():
    read = Knowledge.open(place, HashingEmbedder())
    hits = read.search("第0条", k=40).hits
    assert len(hits) == len(read) == 30, (len(hits), len(read))
    return sorted(hit.text for hit in hits)

def child(die_at):
    pid = os.fork()
    if pid == 0:
        count = 0
        def hook(event, arguments):
            nonlocal count
            if event in FILES:
                count += 1
                if count == die_at:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(hook)
        build()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

write(0)
build()
last, outcomes = editions(), []
for number in range(1, rounds + 1):
    write(number)
    wanted = sorted(f.read_text(encoding="utf-8") for f in folder.glob("*.txt"))
    status = child(rng.randint(1, 320))
    found = editions()
    assert found in (last, wanted), (number, found[:2])
    assert status in (0, -signal.SIGKILL), status
    if status == 0:
        assert found == wanted, number
    outcomes.append("done" if status == 0 else "new" if found == wanted else "old")
    last = found
build()
assert editions() == wanted
assert not list(place.glob(".part-*"))
assert len(list(place.glob("g*"))) <= 2
print("outcomes", {name: outcomes.count(name) for name in sorted(set(outcomes))})
"""
FULL = """
import resource, sys
from pathlib import Path
from tests.knowledge.hashing import HashingEmbedder
from voicebot.errors import KnowledgeError
from voicebot.knowledge.knowledge import Knowledge
from voicebot.knowledge.vectors.choice import VectorChoice

folder, place, limit = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    Knowledge.build((), [folder], (), HashingEmbedder(), place, vectors=VectorChoice(sys.argv[4]))
except KnowledgeError as error:
    print(error)
"""


def run(code: str, *arguments: object) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        },
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_a_writer_killed_at_any_moment_leaves_a_whole_generation(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    said = run(WRITER, folder, tmp_path / "index", 25)
    print(said)
    assert "'old': " in said  # it was killed before the swap
    assert "'new': " in said or "'done': " in said  # and after it


@pytest.mark.parametrize("backend", ["flat", "ivf"])
def test_a_disk_that_takes_no_more_leaves_the_old_index(tmp_path: Path, backend: str) -> None:
    """A limit on the size of a file fails as a full disk does: in the middle of a write."""
    from tests.knowledge.hashing import HashingEmbedder
    from voicebot.knowledge.knowledge import Knowledge

    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("电源灯熄灭表示没有输入。", encoding="utf-8")
    Knowledge.build((), [folder], (), HashingEmbedder(), tmp_path / "index")
    for n in range(300):
        (folder / f"{n}.txt").write_text(f"第{n}条补充说明。", encoding="utf-8")
    # large enough for what is read of the files, too small for what is written of the vectors
    said = run(FULL, folder, tmp_path / "index", 100_000, backend)
    assert "cannot write to" in said
    assert "File too large; the index there is unchanged" in said
    assert not list((tmp_path / "index").glob(".part-*"))
    knowledge = Knowledge.open(tmp_path / "index", HashingEmbedder())
    assert [hit.text for hit in knowledge.search("电源灯").hits] == ["电源灯熄灭表示没有输入。"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
