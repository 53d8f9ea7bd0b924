"""Token buckets: one, and one for each source address in bounded memory. Sans-I/O."""

from __future__ import annotations

from collections import OrderedDict


class TokenBucket:
    """`rate` tokens a second, at most `size` of them; full at first."""

    def __init__(self, rate: float, size: float, now_s: float) -> None:
        self._rate, self._size = rate, size
        self._tokens, self._at_s = float(size), now_s

    def holds(self, now_s: float) -> bool:
        """Whether one could be taken now."""
        self._tokens = min(self._size, self._tokens + self._rate * max(now_s - self._at_s, 0.0))
        self._at_s = max(now_s, self._at_s)
        return self._tokens >= 1

    def take(self, now_s: float) -> bool:
        """Take one; False if there is none."""
        if not self.holds(now_s):
            return False
        self._tokens -= 1
        return True


class SourceBuckets:
    """A bucket for each of the `most` sources seen last.

    Who is forgotten begins anew with a full bucket: addresses can be made up, memory cannot.
    """

    def __init__(self, rate: float, size: float, most: int) -> None:
        self._rate, self._size, self._most = rate, size, most
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, source: str, now_s: float) -> bool:
        """Take one from the bucket of `source`."""
        bucket = self._buckets.get(source)
        if bucket is None:
            bucket = self._buckets[source] = TokenBucket(self._rate, self._size, now_s)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(source)
        return bucket.take(now_s)
