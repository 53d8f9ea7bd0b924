"""Access to a call's rings without the binding: the same answers, the same errors."""

from __future__ import annotations

import asyncio
import ctypes

import pytest
from baresip import AudioNotActive, AudioRestarted
from baresip._native import ffi
from line_support import voice
from raw_phone import raw_phone

from telephony.baresip.direct_audio import DirectAudio, RingInfo, RingStats
from telephony.baresip.line import BaresipEndpoint


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(RingStats, "struct bp_audio_stats"), (RingInfo, "struct bp_audio_info")],
)
def test_the_structs_are_laid_out_as_the_stack_s(ours: type[ctypes.Structure], theirs: str) -> None:
    fields = [(field.offset, ffi.sizeof(field.type)) for _, field in ffi.typeof(theirs).fields]
    mine = [getattr(ours, name) for name, *_ in ours._fields_]
    assert [(field.offset, field.size) for field in mine] == fields
    assert ctypes.sizeof(ours) == ffi.sizeof(theirs)


async def test_it_tells_of_a_call_what_the_binding_tells(
    endpoint: BaresipEndpoint, sip_port: int
) -> None:
    async with raw_phone(sip_port) as phone:
        phone.invite()
        call = await asyncio.wait_for(anext(aiter(endpoint.incoming())), 20)
        answering = asyncio.create_task(call.answer())
        await phone.connect()
        await answering
        call.media.stop()  # the pump lets go; the rings are ours alone
        theirs = call._native.audio
        direct = DirectAudio(theirs._handle)
        told = theirs.info()
        for name in ("tx_ready", "rx_ready", "tx_sample_rate", "tx_ptime_ms", "rx_capacity"):
            assert getattr(direct.info(), name) == getattr(told, name), name
        assert direct.info().tx_sample_rate == 8000
        assert direct.write(voice(1.0)) == 16_000
        assert 8_000 <= direct.info().tx_buffered <= 16_000
        direct.flush_tx()
        async with asyncio.timeout(20):
            while not direct.stats().tx_flushed_bytes:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        assert direct.info().tx_buffered == 0
        direct.read(16_000)
        await phone.reinvite("inactive")
        with pytest.raises((AudioRestarted, AudioNotActive)):
            async with asyncio.timeout(20):
                while True:
                    direct.write(bytes(2))
                    await asyncio.sleep(0.005)
        await call.hangup()


def test_a_call_without_media_has_no_rings() -> None:
    audio = DirectAudio(987_654)
    for use in (audio.stats, audio.info, audio.flush_tx):
        with pytest.raises(AudioNotActive):
            use()
    with pytest.raises(AudioNotActive):
        audio.read(320)
    with pytest.raises(AudioNotActive):
        audio.write(bytes(320))
    assert audio.write(b"") == 0
