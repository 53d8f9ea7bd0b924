"""Loads and checks a pack (docs/packs.md). Nothing in a pack is code, and no path leaves it."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from pathlib import Path

from voicebot.errors import PackError
from voicebot.pack import (
    DOCUMENT_SUFFIXES,
    FAQ_STATES,
    Faq,
    Labels,
    Pack,
    Prompts,
    PromptText,
    ReadingRule,
    Term,
)
from voicebot.pack_info import read_info
from voicebot.pack_language import read_prompt_text
from voicebot.pack_prompts import OPTIONAL_PROMPTS, PLACEHOLDERS, REQUIRED_PROMPTS
from voicebot.pack_reading import read_rules
from voicebot.pack_yaml import Node, Problem, Problems, read_yaml
from voicebot.scenes.lint import lint_scene
from voicebot.scenes.model import Scene, Shared
from voicebot.scenes.read import read_scene
from voicebot.scenes.read_slots import read_shared_answers, read_shared_slots

_ATTEMPTS = 3
TERM_KINDS = ("model", "part", "os", "term", "product")
TOP_LEVEL = (
    "pack.toml", "prompts.yaml", "lexicon.yaml", "reading.yaml", "labels.yaml", "slots.yaml",
    "answers.yaml", "faq", "documents", "scenes", "prompts",
)  # fmt: skip


def load_pack(root: Path) -> Pack:
    """The pack in this folder. Raises PackError: one line with the first problem and the count."""
    pack, problems = read_pack(root)
    if problems or pack is None:
        more = len(problems) - 1
        tail = f" (and {more} more: voicebot pack check {root})" if more else ""
        raise PackError(f"{problems[0]}{tail}")
    return pack


def read_pack(root: Path) -> tuple[Pack | None, tuple[Problem, ...]]:
    """The pack and every problem with it; the pack is None if the folder itself is missing."""
    for _ in range(_ATTEMPTS):
        problems = Problems()
        if not root.is_dir():
            problems.add(str(root), 0, "pack", "a folder", "none", "see voicebot pack new")
            return None, tuple(problems.found)
        before = root.stat().st_ino
        pack = _Reader(root, problems).read()
        if root.is_dir() and root.stat().st_ino == before:
            break  # else a version was published meanwhile, and this is half of each
    return pack, tuple(problems.found)


def scene_entries(
    pack: Pack,
) -> tuple[tuple[str, str, tuple[str, ...], tuple[str, ...], str], ...]:
    """(id, name, triggers, not_triggers, product) of every scene, in the order of the fields of
    `voicebot.knowledge.entry.SceneEntry`: ``[SceneEntry(*each) for each in scene_entries(pack)]``.
    """
    return tuple((s.id, s.name, s.triggers, s.not_triggers, s.product) for s in pack.scenes)


class _Reader:
    def __init__(self, root: Path, problems: Problems) -> None:
        self.root = root
        self.problems = problems

    def read(self) -> Pack:
        """The pack, as far as it can be read; what is wrong with it is in `problems`."""
        for path in sorted(self.root.iterdir()):
            if path.name not in TOP_LEVEL and not path.name.startswith((".", "README")):
                known = ", ".join(TOP_LEVEL)
                self.problems.add(path.name, 0, "name", f"one of {known}", path.name, "remove it")
        lexicon = self._lexicon()
        labels = self._labels()
        shared = self._shared()
        return Pack(
            root=self.root,
            info=read_info(self.root / "pack.toml", self.problems),
            prompts=self._prompts(),
            lexicon=lexicon,
            labels=labels,
            faq=self._faq(),
            documents=self._files("documents", DOCUMENT_SUFFIXES),
            scenes=self._scenes(shared, labels, {term.kind for term in lexicon}),
            reading=self._reading(),
            language=self._language(),
            shared=shared,
        )

    def _shown(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _yaml(self, name: str) -> Node | None:
        return read_yaml(self.root / name, name, self.problems)

    def _files(self, folder: str, suffixes: tuple[str, ...]) -> tuple[Path, ...]:
        """Files below a folder that may be missing. Links out of the pack are problems."""
        found = []
        top = self.root / folder
        for path in sorted(top.rglob("*")) if top.is_dir() else []:
            if path.is_dir() or path.name.startswith("."):
                continue
            shown = self._shown(path)
            if not path.resolve().is_relative_to(self.root.resolve()):
                self.problems.add(shown, 0, "file", "a file inside the pack", "a link out of it")
            elif path.suffix not in suffixes:
                wanted = " or ".join(suffixes)
                self.problems.add(
                    shown, 0, "file", wanted, path.suffix or "no suffix", "convert it"
                )
            else:
                found.append(path)
        return tuple(found)

    def _prompts(self) -> Prompts:
        root = self._yaml("prompts.yaml")
        if root is None:
            return Prompts({})
        table = root.table((*REQUIRED_PROMPTS, *OPTIONAL_PROMPTS), REQUIRED_PROMPTS)
        variants = {name: node.texts(300) for name, node in table.items()}
        for name, texts in variants.items():
            if not texts:
                table[name].wrong("one or more variants", "none", "add one")
        for name, held in PLACEHOLDERS.items():
            for each in held:
                if any("{" + each + "}" not in text for text in variants.get(name, ())):
                    expected = f"{{{each}}} in every variant"
                    table[name].wrong(expected, "one without it", "add it")
        return Prompts({name: texts for name, texts in variants.items() if texts})

    def _lexicon(self) -> tuple[Term, ...]:
        root = self._yaml("lexicon.yaml")
        terms: list[Term] = []
        for item in root.items() if root else []:
            table = item.table(["term", "kind", "spoken", "reading"], ["term", "kind"])
            if "term" not in table or "kind" not in table:
                continue
            term = Term(
                term=table["term"].text(60),
                kind=table["kind"].one_of(TERM_KINDS),
                spoken=table["spoken"].texts(60) if "spoken" in table else (),
                reading=table["reading"].text(120, empty=True) if "reading" in table else "",
            )
            if any(known.term == term.term for known in terms):
                item.wrong("each term once", f"{term.term!r} again", "merge them")
            terms.append(term)
        return tuple(terms)

    def _reading(self) -> tuple[ReadingRule, ...]:
        root = self._optional("reading.yaml")
        return read_rules(root) if root else ()

    def _language(self) -> tuple[PromptText, ...]:
        found = []
        for path in self._files("prompts", (".yaml",)):
            root = read_yaml(path, self._shown(path), self.problems)
            if root is not None:
                found.append(read_prompt_text(root, path.stem))
        return tuple(found)

    def _labels(self) -> Labels:
        root = self._yaml("labels.yaml")
        keys = ["problem", "solution", "cues", "answered", "handed_off"]
        table = root.table(keys, keys[:2]) if root else {}
        problem = tuple(_paths(table["problem"], "")) if "problem" in table else ()
        solution = tuple(_paths(table["solution"], "")) if "solution" in table else ()
        cues = table["cues"].entries() if "cues" in table else {}
        for path, node in cues.items():
            _known_label(node, path, (*problem, *solution))
        fallback = {key: table[key].text(100) for key in keys[3:] if key in table}
        for key, path in fallback.items():
            _known_label(table[key], path, solution)
        words = {path: node.texts(30) for path, node in cues.items()}
        return Labels(problem, solution, words, **fallback)

    def _faq(self) -> tuple[Faq, ...]:
        entries: dict[str, Faq] = {}
        for path in self._files("faq", (".yaml",)):
            root = read_yaml(path, self._shown(path), self.problems)
            for item in root.items() if root else []:
                faq = _faq(item, self._shown(path))
                if faq.id in entries:
                    item.wrong("each FAQ id once", f"{faq.id!r} again", "rename one")
                entries[faq.id] = faq
        return tuple(entries.values())

    def _shared(self) -> Shared:
        return Shared(
            read_shared_slots(self._optional("slots.yaml")),
            read_shared_answers(self._optional("answers.yaml")),
        )

    def _optional(self, name: str) -> Node | None:
        return self._yaml(name) if (self.root / name).exists() else None

    def _scenes(self, shared: Shared, labels: Labels, term_kinds: set[str]) -> tuple[Scene, ...]:
        scenes: dict[str, Scene] = {}
        known = {*labels.problem, *labels.solution}
        for path in self._files("scenes", (".yaml",)):
            root = read_yaml(path, self._shown(path), self.problems)
            if root is None:
                continue
            before = len(self.problems.found)
            scene = read_scene(root, shared)
            if scene.id in scenes:
                root.wrong("each scene id once", f"{scene.id!r} again", "rename one")
            if len(self.problems.found) == before:
                lint_scene(scene, self.problems, labels=known, term_kinds=term_kinds)
            scenes[scene.id] = scene
        return tuple(scenes.values())


def _faq(item: Node, shown: str) -> Faq:
    known = ["id", "question", "answer", "similar", "product", "status", "source", "from", "until"]
    table = item.table(known, ["id", "question", "answer"])

    def text(name: str, limit: int) -> str:
        return table[name].text(limit) if name in table else ""

    def day(name: str) -> str:
        found = text(name, 10)
        try:
            return datetime.date.fromisoformat(found).isoformat() if found else ""
        except ValueError:
            table[name].wrong("a day like 2026-01-31", repr(found))
            return ""

    faq_id = text("id", 80)
    first, last = day("from"), day("until")
    if first and last and last < first:
        table["until"].wrong(f"a day not before {first}", last)
    return Faq(
        id=faq_id,
        question=text("question", 200),
        answer=text("answer", 2000),
        similar=table["similar"].texts(200) if "similar" in table else (),
        product=text("product", 80),
        status=table["status"].one_of(FAQ_STATES) if "status" in table else "approved",
        source=text("source", 200) or f"FAQ {faq_id} ({shown})",
        valid_from=first,
        valid_until=last,
    )


def _known_label(node: Node, path: str, known: Collection[str]) -> None:
    if path not in known:
        node.wrong("a label of the tree, by its path", repr(path), "correct it or add the label")


def _paths(node: Node, above: str) -> list[str]:
    """Label paths of a tree whose inner nodes are tables and whose leaves are texts or lists."""
    kind = type(node.raw).__name__
    if kind == "ScalarNode":
        name = node.text(60, empty=True)
        return [f"{above}{name}"] if name else []
    if kind == "SequenceNode":
        return [path for item in node.items() for path in _paths(item, above)]
    found = []
    for name, child in node.entries().items():
        found += [f"{above}{name}", *_paths(child, f"{above}{name}/")]
    return found
