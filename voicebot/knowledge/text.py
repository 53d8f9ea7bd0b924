"""Chinese text as retrieval sees it: cleaned, folded, and broken into comparable terms."""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata

# Said to be polite or to win time; carries nothing to search for. Longest first.
_OPENERS = (
    "不好意思|等一下|等一等|等会儿|等等|停一下|先别说|麻烦问一下|麻烦您|麻烦你|我想问一下|我想咨询一下|想咨询一下|咨询一下|我想问问|想问一下"
    "|问一下|请教一下|请问一下|请问|就是说|就是那个|怎么说呢|您好|你好|喂|那个什么|那个|这个这个|就是"
    "|嗯|呃|额|哦|噢|唉|诶|啊"
)
_PARTICLES = re.compile(
    r"[嗯呃额诶]+(?=[，,、。\s]|[\u4e00-\u9fff]|$)|(?:就是说|怎么说呢|那个什么)[，,]?"
)
_OPENER = re.compile(rf"^(?:(?:{_OPENERS})[，,。！!、\s]*)+")
_CLOSER = re.compile(r"(?:[，,。\s]*(?:谢谢(?:你|您|啊|了)?|麻烦了|好吧|对吧|是吧))+[。！!？?\s]*$")
_SENTENCE = re.compile(r"[^。！？；!?;\n]*[。！？；!?;\n]+[”’」』）)]*|[^。！？；!?;\n]+$")
_WORD = re.compile(r"[a-z0-9]+(?:[._+#-][a-z0-9]+)*|[\u3400-\u9fff]+")
_LETTERS = re.compile(r"[a-z]+|[0-9]+")
# Characters that shape a Chinese question but name nothing.
FUNCTION_CHARS = frozenset(
    "的了吗呢吧啊呀嘛么什怎样如何为哪谁几多少是不有没在和与或及也都就还又再把被给让对从到向"
    "我你您他她它们这那个些一可以能会要想请问该应时候后前里上下中出现"
)


def fold(text: str) -> str:
    """NFKC, lower case: full-width letters and digits become the ones people search for."""
    return unicodedata.normalize("NFKC", text).lower()


def clean_query(text: str) -> str:
    """The caller's words without greetings, hesitation and thanks; the text itself if nothing
    else is left."""
    cleaned = _PARTICLES.sub("", text.strip())
    cleaned = _CLOSER.sub("", _OPENER.sub("", cleaned)).strip(" ，,。、")
    return cleaned or text.strip()


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of each sentence, its end mark included and white space around it not."""
    spans = []
    for match in _SENTENCE.finditer(text):
        stripped = match.group().strip()
        if stripped:
            start = match.start() + match.group().index(stripped)
            spans.append((start, start + len(stripped)))
    return spans


def sentences(text: str) -> list[str]:
    """The text's sentences in order, each with its end mark."""
    return [text[start:end] for start, end in sentence_spans(text)]


def terms(text: str) -> list[str]:
    """Words for BM25: character bigrams of Chinese runs, Latin words whole and in parts."""
    found: list[str] = []
    for match in _WORD.finditer(fold(text)):
        run = match.group()
        if run[0] > "\u3000":
            found += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
        else:
            found.append(run)
            parts = _LETTERS.findall(run)
            found += parts if len(parts) > 1 else []
    return found


def grams(text: str) -> list[str]:
    """Character 1- and 2-grams of the text without white space."""
    run = "".join(fold(text).split())
    return list(run) + [run[i : i + 2] for i in range(len(run) - 1)]


def sounds(text: str) -> list[str]:
    """Toneless pinyin bigrams of Chinese runs, and Latin words: equal for homophones."""
    found: list[str] = []
    for match in _WORD.finditer(fold(text)):
        run = match.group()
        if run[0] > "\u3000":
            syllables = [_syllable(char) for char in run]
            found += [f"{a} {b}" for a, b in itertools.pairwise(syllables)]
            found += syllables if len(syllables) == 1 else []
        else:
            found.append(run)
    return found


def content(text: str) -> set[str]:
    """What a question is about: its Chinese characters that are no function words, and its
    Latin words and numbers."""
    found: set[str] = set()
    for match in _WORD.finditer(fold(text)):
        run = match.group()
        found |= (set(run) - FUNCTION_CHARS) if run[0] > "\u3000" else {run}
    return found


@functools.lru_cache(maxsize=30_000)
def _syllable(char: str) -> str:
    from pypinyin import Style, pinyin  # half a second that readers of documents do not need

    return str(pinyin(char, style=Style.NORMAL)[0][0])
