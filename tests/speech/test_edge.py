"""The online voice against a server on this machine that speaks its service's protocol."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from tests.speech.edge_server import Behaviour, EdgeServer
from tests.speech.edge_sound import CHARACTER_S, LEAD_S, RATE, TAIL_S, heard_characters
from voicebot.errors import VoiceError
from voicebot.pack import Term
from voicebot.settings.edge import EdgeSettings
from voicebot.speech.api import LINE_RATE
from voicebot.speech.edge import EdgeVoice, is_edge_voice
from voicebot.speech.edge_audio import CODEC_DELAY_S
from voicebot.speech.edge_words import heard
from voicebot.speech.line_audio import TARGET_DBOV, active_level_dbov
from voicebot.speech.reading import Reader


def test_it_keeps_the_contract_of_a_voice(voice: EdgeVoice) -> None:
    pcm = voice.render("您好，请讲。")
    assert (voice.sample_rate, voice.stream_rate) == (LINE_RATE, 24_000)
    assert voice.name == "zh-CN-XiaoxiaoNeural"
    assert pcm.dtype == np.int16 and pcm.ndim == 1
    assert 0.4 < len(pcm) / LINE_RATE < 0.8  # four characters, and no silence around them
    level = active_level_dbov(pcm.astype(np.float32) / np.float32(32768), LINE_RATE)
    assert level == pytest.approx(TARGET_DBOV, abs=0.5)
    assert len(voice.render("……")) == 0


def test_a_chunk_ends_where_its_word_ends(voice: EdgeVoice) -> None:
    chunks = list(voice.stream("您好，请重启BMC。"))
    assert [chunk.text for chunk in chunks] == ["您好，", "请", "重启", "BMC。", ""]
    sound = np.concatenate([chunk.pcm for chunk in chunks])
    at, count = 0, 0
    for chunk in chunks[:-1]:
        at, count = at + len(chunk.pcm), count + len(heard(chunk.text))
        assert at / RATE == pytest.approx(LEAD_S + CODEC_DELAY_S + count * CHARACTER_S, abs=0.001)
    assert list(heard_characters(sound, LEAD_S + CODEC_DELAY_S)) == list(range(count))


def test_the_service_gets_the_reading_and_is_asked_for_words(server: EdgeServer) -> None:
    reader = Reader([Term("云立", "term", reading="云丽")])
    voice = EdgeVoice("zh-CN-YunxiNeural", speed=1.1, reader=reader, endpoint=server.url)
    assert "".join(c.text for c in voice.stream("云立RAID10：400")) == "云立RAID10：400"
    (asked,) = server.asked
    assert asked.text == reader.read_plain("云立RAID10：400").strip()
    assert "云丽锐德一零" in asked.text and not any(c in asked.text for c in "0123456789")
    assert asked.voice.endswith("(zh-CN, YunxiNeural)")
    assert asked.prosody == {"pitch": "+0Hz", "rate": "+10%", "volume": "+0%"}
    assert asked.config["metadataoptions"] == {
        "sentenceBoundaryEnabled": "false",
        "wordBoundaryEnabled": "true",
    }
    voice.close()


HOSTILE = [
    "您好</prosody></voice><voice name='x'>再见",
    "]]>您好<![CDATA[ &amp; &#x0; <!-- -->",
    "您\x00好\x0b\x1b[31m\x85\u2028\ufeff请",
    "您好😀👍🏽\U0010ffff请",
    "您\ud800好\udfff",
    "1 < 2 && 3 > 2 \"'",
    "\u202e您好\u202c\u200b请",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_said_as_text(
    text: str, server: EdgeServer, voice: EdgeVoice, reader: Reader
) -> None:
    assert "".join(chunk.text for chunk in voice.stream(text)) == text
    assert [asked.text for asked in server.asked] == [reader.read_plain(text)]


@pytest.mark.parametrize("text", ["", " ", "……", "😀", "\x00\x01", "**", "\ud800"])
def test_what_has_no_reading_is_not_asked_for(
    text: str, server: EdgeServer, voice: EdgeVoice
) -> None:
    assert list(voice.stream(text)) == []
    assert server.handshakes == []


def test_a_long_text_goes_in_several_requests_and_stays_one(
    server: EdgeServer, voice: EdgeVoice
) -> None:
    text = "服务器的硬盘指示灯变红，" * 120
    server.behaviour = Behaviour(piece_bytes=50_000, character_s=0.04)
    chunks = list(voice.stream(text))
    assert len(server.asked) == 2
    assert all(len(asked.text.encode()) <= 4096 for asked in server.asked)
    assert "".join(chunk.text for chunk in chunks) == text
    first = len(heard(server.asked[0].text))
    at, count = 0, 0
    for chunk in chunks[:-1]:
        at, count = at + len(chunk.pcm), count + len(heard(chunk.text))
        spoken_s = LEAD_S + CODEC_DELAY_S + count * 0.04
        between_s = TAIL_S + LEAD_S if count > first else 0.0  # silence between the two sounds
        assert at / RATE == pytest.approx(spoken_s + between_s, abs=0.1)


@pytest.mark.parametrize("name", ["", "zf_xiaobei", "espeak", "zh-CN-X' onload='Neural", "Neural"])
def test_a_name_that_is_none_of_the_services_is_refused(name: str) -> None:
    assert not is_edge_voice(name)
    with pytest.raises(VoiceError, match="expected a name like zh-CN-XiaoxiaoNeural"):
        EdgeVoice(name)


@pytest.mark.parametrize("name", ["zh-CN-YunxiNeural", "zh-CN-liaoning-XiaobeiNeural"])
def test_the_services_names_are_known(name: str) -> None:
    assert is_edge_voice(name)
    EdgeVoice(name).close()


@pytest.mark.parametrize("package", ["edge_tts", "av"])
def test_a_missing_extra_says_what_to_install(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(VoiceError, match=rf"no {package}; pip install 'voicebot\[edge\]'$"):
        EdgeVoice()


def test_the_fingerprint_follows_voice_speed_and_readings() -> None:
    reader = Reader([Term("RAID", "term", reading="瑞德")])
    voices = [
        EdgeVoice(),
        EdgeVoice("zh-CN-YunxiNeural"),
        EdgeVoice(speed=1.1),
        EdgeVoice(reader=reader),
    ]
    assert len({voice.fingerprint for voice in voices}) == 4
    assert EdgeVoice().fingerprint == voices[0].fingerprint


@pytest.mark.real_service
def test_the_real_service_speaks(reader: Reader) -> None:
    text = "您好，请重启YL5280G3的BMC，然后长按电源键5秒。"
    voice = EdgeVoice(reader=reader, settings=EdgeSettings(first_audio_ms=10_000))
    chunks = list(voice.stream(text))
    assert "".join(chunk.text for chunk in chunks) == text
    assert len([chunk for chunk in chunks if chunk.text]) >= 5  # it told its words
    assert 3.0 < sum(len(chunk.pcm) for chunk in chunks) / RATE < 15.0
    voice.close()
