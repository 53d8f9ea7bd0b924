"""The table of docs/backends.md against both backends: what it claims is what happens.

A function that is claimed must pass its scenario; one that is not must fail it, and where the
reason is known it must be the typed, honest one.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import functions_of_calls
import functions_of_dialling
import functions_of_media
import pytest
from backend_bench import BACKENDS, SCENARIOS, Bench, Scenario
from contract import take
from functions_of_dialling import certificate

from telephony import LineError, TransferOutcome, TransferResult
from telephony.backends import SUPPORTED, Function, table
from telephony.config import Tls, Trunk

ROOT = Path(__file__).parents[2]
ROWS = [(backend, function) for backend in BACKENDS for function in Function]
_ = functions_of_calls, functions_of_dialling, functions_of_media  # they fill SCENARIOS


@pytest.fixture
async def stack() -> AsyncIterator[contextlib.AsyncExitStack]:
    async with contextlib.AsyncExitStack() as stack:
        yield stack


@pytest.mark.parametrize(
    ("backend", "function"), ROWS, ids=[f"{backend}-{f.name}" for backend, f in ROWS]
)
async def test_each_row_of_the_table_is_what_happens(
    backend: str, function: Function, stack: contextlib.AsyncExitStack, tmp_path: Path
) -> None:
    bench = Bench(backend, stack, tmp_path)
    if function in SUPPORTED[backend]:
        await SCENARIOS[function](bench)
    else:
        await REFUSALS.get((backend, function), _fails(SCENARIOS[function]))(bench)


def _fails(scenario: Scenario) -> Scenario:
    """For a function that a backend is said to lack: its scenario does not pass."""

    async def refuse(bench: Bench) -> None:
        with pytest.raises((AssertionError, LineError, TimeoutError)):
            await scenario(bench)

    return refuse


async def _pyvoip_says_no_refer(bench: Bench) -> None:
    endpoint, phone = await bench.start(), await bench.phone()
    call, _ = await bench.connected(endpoint, phone)
    for result in (
        await call.transfer("sip:2001@127.0.0.1"),
        await call.attended_transfer(call),
    ):
        assert result == TransferResult(
            TransferOutcome.FAILED,
            reason="pyvoip has no REFER; bridge the call or choose the baresip backend",
        )
    assert call.ended is None
    assert len(await take(call, 5)) == 5  # the caller is not left in silence


async def _pyvoip_says_no_g722(bench: Bench) -> None:
    with pytest.raises(LineError, match="pyvoip has the codecs pcma, pcmu, got g722"):
        await bench.start(codecs=("g722", "pcma"))
    await bench.start()
    phone = await bench.phone()
    phone.request("INVITE", functions_of_media.offer(phone, functions_of_media.G722))
    await phone.until(488)


async def _pyvoip_says_udp_only(bench: Bench) -> None:
    with pytest.raises(LineError, match="trunk pbx: pyvoip has UDP only, got tcp"):
        await bench.start(trunks=(Trunk("pbx", transport="tcp"),))
    endpoint = await bench.start()
    result = await endpoint.dial("sip:1@127.0.0.1:9;transport=tcp")
    assert result.outcome is TransferOutcome.UNREACHABLE
    assert "pyvoip has UDP only, got transport=tcp" in result.reason
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", bench.port)


async def _pyvoip_says_no_tls(bench: Bench) -> None:
    pem = await certificate(bench.folder)
    with pytest.raises(LineError, match="pyvoip has no TLS and no SRTP"):
        await bench.start(tls=Tls("127.0.0.1:5061", pem))


async def _pyvoip_leaves_them_at_zero(bench: Bench) -> None:
    endpoint, phone = await bench.start(), await bench.phone()
    call, _ = await bench.connected(endpoint, phone)
    await take(call, 10)
    seen = call.quality
    assert seen is not None
    assert (seen.far_lost, seen.far_jitter_ms, seen.rtt_ms) == (0, 0, 0)


REFUSALS: dict[tuple[str, Function], Scenario] = {
    ("pyvoip", Function.TRANSFER): _pyvoip_says_no_refer,
    ("pyvoip", Function.ATTENDED): _pyvoip_says_no_refer,
    ("pyvoip", Function.G722): _pyvoip_says_no_g722,
    ("pyvoip", Function.TCP): _pyvoip_says_udp_only,
    ("pyvoip", Function.TLS): _pyvoip_says_no_tls,
    ("pyvoip", Function.FAR_QUALITY): _pyvoip_leaves_them_at_zero,
}


def test_every_function_has_a_scenario() -> None:
    assert set(SCENARIOS) == set(Function)
    assert set(SUPPORTED) == set(BACKENDS)


def test_the_table_in_the_docs_is_the_one_that_is_tested() -> None:
    assert table() in (ROOT / "docs" / "backends.md").read_text()


@pytest.mark.parametrize("module", ["telephony", "telephony.backends", "voicebot.app"])
def test_pyvoip_is_not_imported_unless_it_is_chosen(module: str) -> None:
    code = f"import sys, {module}; print([n for n in sys.modules if 'pyvoip' in n.lower()])"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_without_the_extra_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['pyVoIP'] = None\n"
        "from telephony.errors import LineError\n"
        "try:\n    import telephony.pyvoip\n"
        "except LineError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "pip install 'voicebot[pyvoip]'" in done.stdout
    assert done.stdout.count("\n") == 1
