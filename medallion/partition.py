"""Partitions and their paths: identity is the path.

Belongs here: partition ↔ relative path, from run dates and given names only.
Lives elsewhere: what is inside a partition (`manifest`), roots and files (`tasks`).
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from medallion.errors import ConfigError

LoadPattern = Literal["full", "cdc", "current_history"]
LOAD_PATTERNS: tuple[LoadPattern, ...] = ("full", "cdc", "current_history")

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul"] + [f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)]
)


def check_name(name: str, what: str) -> str:
    """Return `name` if it may become part of a path.

    Raises:
        ConfigError: CFG007, for anything but ASCII letters, digits, `_` and `-` (at most 63,
            first one a letter or digit), and for device names.
    """
    if _NAME.fullmatch(name) is None or name.lower() in _DEVICES:
        raise ConfigError(
            f"{what} {name!r} cannot be part of a path: use up to 63 ASCII letters, digits, '_' "
            "and '-', starting with a letter or digit",
            code="CFG007",
        )
    return name


def parse_date(text: str) -> dt.date:
    """Turn `YYYY-MM-DD`, and nothing else, into a date.

    Raises:
        ConfigError: CFG008, for any other form and for days that do not exist.
    """
    try:
        if _DATE.fullmatch(text) is None:
            raise ValueError(text)
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r} is not a date: write YYYY-MM-DD", code="CFG008") from None


@dataclass(frozen=True, order=True)
class BronzePartition:
    """One source table at one run date."""

    system: str
    table: str
    load_pattern: LoadPattern
    run_date: dt.date

    def __post_init__(self) -> None:
        """Refuse names that cannot be part of a path."""
        check_name(self.system, "system")
        check_name(self.table, "table")

    @property
    def dataset(self) -> str:
        """The dataset's name in events and catalogs."""
        return f"bronze_{self.system}.{self.table}"

    @property
    def parent(self) -> str:
        """The directory of all the dataset's run dates, relative to the Bronze root."""
        return f"system={self.system}/table={self.table}/pattern={self.load_pattern}"

    @property
    def path(self) -> str:
        """The partition's directory, relative to the Bronze root."""
        return f"{self.parent}/dt={self.run_date.isoformat()}"

    def keys(self) -> dict[str, str]:
        """The partition as the manifests name it."""
        return {
            "system": self.system,
            "table": self.table,
            "pattern": self.load_pattern,
            "dt": self.run_date.isoformat(),
        }


@dataclass(frozen=True, order=True)
class SilverPartition:
    """One entity at one load date. `load_pattern` is set where it is a folder of its own."""

    domain: str
    entity: str
    version: int
    load_date: dt.date
    load_pattern: LoadPattern | None = None
    load_partition_name: str = "load_date"

    def __post_init__(self) -> None:
        """Refuse names that cannot be part of a path."""
        check_name(self.domain, "domain")
        check_name(self.entity, "entity")
        check_name(self.load_partition_name, "load_partition_name")

    @property
    def dataset(self) -> str:
        """The dataset's name in events and catalogs."""
        return f"silver_{self.domain}.{self.entity}"

    @property
    def parent(self) -> str:
        """The directory of all the entity's load dates, relative to the Silver root."""
        base = f"domain={self.domain}/entity={self.entity}/v{self.version}"
        return f"{base}/pattern={self.load_pattern}" if self.load_pattern else base

    @property
    def path(self) -> str:
        """The partition's directory, relative to the Silver root."""
        return f"{self.parent}/{self.load_partition_name}={self.load_date.isoformat()}"

    def keys(self) -> dict[str, str]:
        """The partition as the manifests name it."""
        keys = {"domain": self.domain, "entity": self.entity, "version": str(self.version)}
        if self.load_pattern:
            keys["pattern"] = self.load_pattern
        return {**keys, self.load_partition_name: self.load_date.isoformat()}


def directory_of(column: str, value: str | None) -> str:
    """The directory of a partition column's value, percent-encoded; null has Hive's name."""
    if value is None:
        return f"{quote(column, safe='')}={NULL_PARTITION}"
    text = quote(value, safe="")
    return f"{quote(column, safe='')}={'%5F' + text[1:] if value == NULL_PARTITION else text}"
