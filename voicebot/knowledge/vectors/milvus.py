"""Vectors in a Milvus server, for more machines than one; milvus-lite is the same from a file.

A part of an index is a collection of its own, written once and never changed. What is deleted
later is left out here, so readers of an older generation still find it. Nothing waits for the
server longer than `MilvusServer.timeout_s`; a server that failed is left alone for a while, so
that a call's questions do not each wait for it.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from voicebot.errors import KnowledgeError
from voicebot.knowledge.embedder import Vectors
from voicebot.knowledge.vectors.api import (
    EVERYTHING,
    NOTHING,
    Filter,
    Nearest,
    Progress,
    VectorsUnavailableError,
    checked_query,
    checked_rows,
)
from voicebot.knowledge.vectors.labels import Labels

if TYPE_CHECKING:
    from pymilvus import MilvusClient

REST_S = 10.0  # a server that did not answer is not asked for so long
_BATCH = 1000  # rows an insert: 1.5 MB of 384 dimensions, far below gRPC's limit
_WRITE_TIMEOUT_S = 60.0
_CONNECT_TIMEOUT_S = 3.0  # a search does not wait for it: it gives up and is connected later
_MOST = 16_384  # rows that Milvus gives at a time
_WORKERS = 4
Got = TypeVar("Got")


@dataclass(frozen=True)
class MilvusServer:
    """`uri` is ``http://host:19530`` or a milvus-lite file ``….db``. Collections are named
    `collection` and a random number. A search is given up after `timeout_s`."""

    uri: str
    token: str = field(default="", repr=False)
    collection: str = "voicebot"
    timeout_s: float = 0.3

    def new_name(self) -> str:
        """A name that no collection has."""
        return f"{self.collection}_{secrets.token_hex(8)}"


class MilvusIndex:
    """The rows of `collection`. Opening asks the server nothing."""

    backend = "milvus"

    def __init__(
        self,
        server: MilvusServer,
        collection: str,
        labels: Labels,
        dim: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.dim = dim
        self._server = server
        self._collection = collection
        self._size = len(labels)
        self._deleted: frozenset[int] = frozenset()
        self._clock = clock
        self._rests_until = -1.0
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="milvus")

    def __len__(self) -> int:
        return self._size - len(self._deleted)

    def search(self, query: Vectors, k: int, keep: Filter = EVERYTHING) -> Nearest:
        """See `VectorIndex.search`."""
        query = checked_query(query, self.dim)
        if k <= 0 or not len(self):
            return NOTHING
        if self._clock() < self._rests_until:
            raise VectorsUnavailableError(self._trouble("did not answer just before"))
        future = self._workers.submit(self._ask, query, k, keep)
        try:
            return future.result(self._server.timeout_s)
        except Exception as error:  # the client raises its own errors, gRPC's and TimeoutError
            future.cancel()
            self._rests_until = self._clock() + REST_S
            waited = f"no answer within {self._server.timeout_s:g} s"
            said = waited if isinstance(error, TimeoutError) else _line(error)
            raise VectorsUnavailableError(self._trouble(said)) from None

    def delete(self, rows: Sequence[int]) -> None:
        """See `VectorIndex.delete`."""
        self._deleted |= frozenset(checked_rows(rows, self._size).tolist())

    def _ask(self, query: Vectors, k: int, keep: Filter) -> Nearest:
        """More are asked for as long as deleted rows stand among the nearest."""
        client = _client(self._server)
        wanted = min(k, _MOST)
        while True:
            hits = client.search(
                self._collection,
                data=[query.tolist()],
                limit=wanted,
                filter=_expression(keep),
                output_fields=[],
                timeout=self._server.timeout_s,
            )[0]
            found = [
                (hit["row"], hit["distance"]) for hit in hits if hit["row"] not in self._deleted
            ]
            if len(found) >= k or len(hits) < wanted or wanted == _MOST:
                rows = np.array([row for row, _ in found[:k]], np.int64)
                return Nearest(rows, np.array([c for _, c in found[:k]], np.float32))
            wanted = min(2 * wanted, _MOST)

    def _trouble(self, what: str) -> str:
        return f"vectors: Milvus at {self._server.uri} {what}; searching by words alone"


def build(
    server: MilvusServer, name: str, vectors: Vectors, labels: Labels, progress: Progress
) -> None:
    """Make the collection `name` of `vectors` (rows, dim). Raises KnowledgeError."""

    def write(client: MilvusClient) -> None:
        _create(client, name, vectors.shape[1])
        for start in range(0, len(vectors), _BATCH):
            progress("milvus", start, len(vectors))
            rows = range(start, min(start + _BATCH, len(vectors)))
            client.insert(
                name, [_record(row, vectors, labels) for row in rows], timeout=_WRITE_TIMEOUT_S
            )
        client.flush(name, timeout=_WRITE_TIMEOUT_S)
        client.load_collection(name, timeout=_WRITE_TIMEOUT_S)
        progress("milvus", len(vectors), len(vectors))

    _writing(server, write)


def drop(server: MilvusServer, names: Iterable[str]) -> None:
    """Take these collections away, whether they are there or not. Raises KnowledgeError."""

    def remove(client: MilvusClient) -> None:
        for name in names:
            client.drop_collection(name, timeout=_WRITE_TIMEOUT_S)

    _writing(server, remove)


def _writing(server: MilvusServer, work: Callable[[MilvusClient], Got]) -> Got:
    try:
        return work(_client(server))
    except KnowledgeError:
        raise
    except Exception as error:  # the client raises its own errors and gRPC's
        raise KnowledgeError(
            f"vectors: Milvus at {server.uri} failed: {_line(error)}; is it running, and are "
            "knowledge.milvus.uri and its token right?"
        ) from None


def _create(client: MilvusClient, name: str, dim: int) -> None:
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("row", DataType.INT64, is_primary=True)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
    schema.add_field("product", DataType.VARCHAR, max_length=1024)
    schema.add_field("status", DataType.VARCHAR, max_length=64)
    index = client.prepare_index_params()
    index.add_index("vector", index_type="AUTOINDEX", metric_type="COSINE")
    client.create_collection(name, schema=schema, index_params=index, timeout=_WRITE_TIMEOUT_S)


def _record(row: int, vectors: Vectors, labels: Labels) -> dict[str, Any]:
    product, status = labels.codes[row]
    return {
        "row": row,
        "vector": vectors[row].tolist(),
        "product": labels.products[product],
        "status": labels.statuses[status],
    }


def _expression(keep: Filter) -> str:
    """The filter in Milvus's language, whose strings and lists are those of JSON."""
    sides = (("product", keep.products), ("status", keep.statuses))
    return " and ".join(
        f"{name} in {json.dumps(sorted(wanted), ensure_ascii=False)}"
        for name, wanted in sides
        if wanted is not None
    )


_clients: dict[MilvusServer, MilvusClient] = {}
_connecting = threading.Lock()


def _client(server: MilvusServer) -> MilvusClient:
    """One connection a server and process. Raises KnowledgeError without the extra."""
    try:
        from pymilvus import MilvusClient
    except ImportError:
        raise KnowledgeError(
            "vectors: pymilvus is missing; run pip install 'voicebot[milvus]'"
        ) from None
    with _connecting:
        if server not in _clients:
            _clients[server] = MilvusClient(
                uri=server.uri, token=server.token, timeout=_CONNECT_TIMEOUT_S
            )
        return _clients[server]


def _line(error: BaseException) -> str:
    """The error's first line; gRPC's go on for pages."""
    said = str(error).strip().splitlines()
    return (said[0] if said else type(error).__name__)[:200]
