"""Reading the settings: file, environment, options; and what is wrong with them in one line."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from voicebot.errors import SettingsError
from voicebot.settings.tree import Settings

ENV_PREFIX = "VOICEBOT__"
_SECRETS = {"password", "secret", "key", "token"}


def load_settings(
    path: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Build the tree from a TOML file, the environment and explicit overrides, in that order.

    `overrides` maps dotted keys (``sip.listen``) to values; it is how command-line options
    enter. A number in a key counts the tables of a list (``VOICEBOT__SIP__TRUNKS__0__NAME``).
    Raises SettingsError with one line that names the key; it never holds a password, secret or key.
    """
    environ = os.environ if environ is None else environ
    tree: dict[str, Any] = {}
    if path is not None:
        tree = _read_toml(path)
    if "VOICEBOT_MODELS" in environ:
        tree.setdefault("models", environ["VOICEBOT_MODELS"])
    for key in sorted(environ, key=_in_order):
        if key.startswith(ENV_PREFIX):
            _put(tree, key[len(ENV_PREFIX) :].lower().split("__"), environ[key])
    for key, value in (overrides or {}).items():
        if value is not None:
            _put(tree, key.split("."), value)
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise SettingsError(_one_line(error, path)) from None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise SettingsError(f"settings: cannot read {path}: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"settings: {path} is not valid TOML: {error}") from None


def _in_order(key: str) -> list[str]:
    """Tables of a list come one after the other: the tenth behind the ninth."""
    return [part.zfill(9) if part.isdecimal() else part for part in key.split("__")]


def _put(tree: dict[str, Any], keys: list[str], value: Any) -> None:
    """Set the value at `keys`, making the tables and lists on the way."""
    table: Any = tree
    for key, following in zip(keys, [*keys[1:], ""], strict=True):
        made: Any = value if not following else [] if following.isdecimal() else {}
        if isinstance(table, list):
            number = int(key) if key.isdecimal() else -1
            if not 0 <= number <= len(table):
                raise SettingsError(
                    f"settings: {'.'.join(keys)}: a number from 0 to {len(table)} is expected "
                    f"after the name of a list, got {key!r}"
                )
            if number == len(table):
                table.append(made)
            elif not following:
                table[number] = value
            table = table[number]
        elif isinstance(table, dict):
            table[key] = value if not following else table.get(key, made)
            table = table[key]
        else:
            raise SettingsError(f"settings: {'.'.join(keys)}: a value stands where a table is")


def _one_line(error: ValidationError, path: Path | None) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    where = f" in {path}" if path else ""
    if first["type"] == "extra_forbidden":
        known = ", ".join(_known_keys(first["loc"][:-1]))
        return f"settings: {key}: unknown key{where}; known here: {known}"
    if first["type"] == "missing":
        return f"settings: {key}: this key is required and missing{where}"
    what = first["msg"].removeprefix("Value error, ")
    came = first["input"]
    # A whole table, or a list of them, may hold a password; its error says by itself what is wrong.
    if isinstance(came, dict | list | tuple | BaseModel) or _SECRETS & set(first["loc"]):
        return f"settings: {key}: {what}{where}"
    return f"settings: {key}: {what}; got {came!r}{where}"


def _known_keys(loc: tuple[int | str, ...]) -> list[str]:
    """The keys of the table at `loc`, by the names that users write."""
    model: Any = Settings
    for part in loc:
        if isinstance(part, str):
            model = _table(_fields(model)[part])
    return sorted(_fields(model))


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _table(annotation: Any) -> type[BaseModel]:
    """The table in ``Table``, ``Table | None`` or ``tuple[Table, ...]``."""
    found = [each for each in get_args(annotation) if isinstance(each, type)]
    return next((each for each in found if issubclass(each, BaseModel)), annotation)
