"""The load test's own arithmetic: gaps, losses, growth; and its batched sockets."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.bench.line_media import Heard
from tests.bench.line_numbers import gaps_of
from tests.bench.line_soak import Sample, growth_of
from tests.bench.mmsg import BatchSocket, Outgoing

MS = 1_000_000


def heard(packets: list[tuple[int, int, int]]) -> Heard:
    """From (ms, SSRC, sequence number), in order of arrival."""
    at, ssrc, seq = (np.array(column) for column in zip(*packets, strict=True))
    lane = np.full(len(at), 5000, np.uint16)
    silent = np.arange(len(at)) == 0
    return Heard(at * MS, ssrc.astype(np.uint32), seq.astype(np.uint16), lane, silent)


def test_gaps_are_within_a_stream_and_losses_are_missing_numbers() -> None:
    gaps = gaps_of(
        heard([(0, 1, 65534), (1, 2, 7), (20, 1, 65535), (21, 2, 8), (100, 1, 2), (41, 2, 9)])
    )
    assert sorted(gaps.gaps_ms.tolist()) == [20, 20, 20, 80]
    assert (gaps.streams, gaps.packets, gaps.lost, gaps.silent) == (2, 6, 2, 1)
    assert (gaps.at(50), gaps.longest_ms) == (20, 80)


def test_a_packet_that_overtakes_is_not_lost() -> None:
    assert gaps_of(heard([(0, 1, 1), (20, 1, 3), (21, 1, 2), (40, 1, 4)])).lost == 0


@pytest.mark.parametrize(("a_minute", "grows"), [(0, False), (32 << 10, False), (1 << 20, True)])
def test_growth_is_told_from_noise_and_from_the_number_of_calls(a_minute: int, grows: bool) -> None:
    rng = np.random.default_rng(1)
    samples = []
    for number in range(180):
        up = int(rng.integers(25, 31))
        rss = (60 << 20) + up * (300 << 10) + number * a_minute // 6 + int(rng.integers(200_000))
        samples.append(Sample(number * 10.0, rss, 8 + 3 * up, 17 + 2 * up, up))
    by_name = {growth.name: growth for growth in growth_of(samples)}
    assert by_name["rss_bytes"].grows is grows
    assert not by_name["threads"].grows
    assert not by_name["files"].grows


def wait_until_stamped(sender: BatchSocket, receiver: BatchSocket) -> None:
    """The kernel begins to stamp arrivals some time after the first socket asks it to.

    Until then a packet gets the time at which it is read.
    """
    deadline_s = time.monotonic() + 10
    one = np.zeros((1, 20), np.uint8)
    while True:
        assert Outgoing(one, [receiver.port]).send(sender) == 1
        sent_ns = time.time_ns()
        time.sleep(0.02)
        if int(receiver.receive()[0].at_ns[0]) <= sent_ns + MS:
            return
        assert time.monotonic() < deadline_s, "arrivals are not stamped"


def test_packets_carry_the_kernel_s_time_of_arrival() -> None:
    with BatchSocket() as sender, BatchSocket() as receiver:
        wait_until_stamped(sender, receiver)
        data = np.arange(300 * 20, dtype=np.uint32).astype(np.uint8).reshape(300, 20)
        before_ns = time.time_ns()
        assert Outgoing(data, [receiver.port] * 300).send(sender) == 300
        after_ns = time.time_ns()
        time.sleep(0.05)  # a reader that comes late does not make the packets late
        packets = receiver.receive()
        got = np.concatenate([one.data[:, :20] for one in packets])
        at_ns = np.concatenate([one.at_ns for one in packets])
        assert np.array_equal(got, data)
        assert before_ns - MS <= at_ns.min() <= at_ns.max() <= after_ns + MS
        assert {int(size) for one in packets for size in one.size} == {20}
        assert receiver.dropped() == 0
