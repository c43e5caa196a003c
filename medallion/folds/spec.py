"""What one fold is asked to do.

Belongs here: the facts of a dataset and a run date that decide a fold, and their consistency.
Lives elsewhere: where they come from (`medallion.config`), what the models do (their modules).
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal, NoReturn

from medallion.config.silver import SilverModel
from medallion.errors import ConfigError
from medallion.partition import LoadPattern

Deletes = Literal["ignore", "hard", "tombstone", "erase"]

VERSION_COLUMNS = ("valid_from", "valid_to", "is_current")
DELETED = "_deleted"
_INTERNAL = frozenset(
    f"__{name}"
    for name in (
        *("position", "op", "order", "since", "deleted", "key_hash", "rival", "rank"),
        *("row_hash", "digest", "digest_high", "digest_low", "held", "live", "wins"),
        *("same", "version", "ends", "opens", "closes"),
    )
)
_KEYED = ("scd_type_1", "scd_type_2", "full_merge_dedupe")


@dataclass(frozen=True)
class FoldSpec:
    """One dataset at one run date, as its fold sees it.

    Attributes:
        model: What Silver holds.
        load_pattern: What a Bronze partition holds.
        run_date: The `dt` of the incoming Bronze partition.
        columns: Business columns, in the order of the artifacts; the op column may be one.
        types: The engine's name of each column's type, as `DESCRIBE incoming` gives it.
        keys: Columns that identify an entity; never null in `incoming`.
        order_column: Decides which of two rows is later; never null in `incoming`.
        has_ops: Whether `incoming` has a column `__op` with `I`, `U` or `D`.
        deletes: What a delete does.
        tracked_columns: Columns whose change opens a version.
        partition_columns: Columns whose values become directories.
        has_rejected: Whether there is a relation `rejected` with the keys of quarantined rows:
            their entities are in the snapshot, so a full load must not take them as deleted.
        erase_key: The secret of the hashes that `deletes: erase` remembers.
    """

    model: SilverModel
    load_pattern: LoadPattern
    run_date: dt.date
    columns: tuple[str, ...]
    types: tuple[str, ...]
    keys: tuple[str, ...] = ()
    order_column: str | None = None
    has_ops: bool = False
    deletes: Deletes = "hard"
    tracked_columns: tuple[str, ...] = ()
    partition_columns: tuple[str, ...] = ()
    has_rejected: bool = False
    erase_key: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        """Refuse facts that contradict each other.

        Raises:
            ConfigError: CFG004, naming the columns or settings.
        """
        _check_columns(self)
        _check_model(self)

    @property
    def is_full(self) -> bool:
        """Whether a partition holds the whole table."""
        return self.load_pattern == "full"

    @property
    def marks_deleted(self) -> bool:
        """Whether artifacts have a column `_deleted`."""
        return self.deletes == "tombstone"

    def type_of(self, column: str) -> str:
        """The engine's type of a business column."""
        return self.types[self.columns.index(column)]

    @property
    def order_type(self) -> str | None:
        """The type that validity gets from the order column; None if it is not a time."""
        kind = self.type_of(self.order_column) if self.order_column else ""
        if kind == "DATE":
            return "TIMESTAMP WITH TIME ZONE"
        return kind if kind.startswith("TIMESTAMP") else None


def _check_columns(spec: FoldSpec) -> None:
    if len(spec.columns) != len(spec.types):
        raise ValueError("columns and types differ in length")
    folded = [name.lower() for name in spec.columns]
    if twice := sorted({name for name in folded if folded.count(name) > 1}):
        _refuse(f"columns differ only in case or are repeated: {', '.join(twice)}")
    used = (*spec.keys, *spec.tracked_columns, *spec.partition_columns)
    order = (spec.order_column,) if spec.order_column else ()
    if missing := sorted({*used, *order} - {*spec.columns}):
        _refuse(f"columns do not exist: {', '.join(missing)}")
    reserved = _INTERNAL | ({DELETED} if spec.marks_deleted else set())
    if spec.model == "scd_type_2":
        reserved |= set(VERSION_COLUMNS)
    if taken := sorted(reserved.intersection(folded)):
        _refuse(f"column names are reserved, rename them: {', '.join(taken)}")


def _check_model(spec: FoldSpec) -> None:
    if spec.model in _KEYED and not spec.keys:
        _refuse(f"model {spec.model} needs at least one key")
    if spec.is_full and spec.has_ops:
        _refuse("a full load has no operations")
    if spec.model == "scd_type_2" and not spec.is_full and spec.order_type is None:
        _refuse("model scd_type_2 needs an order column that is a timestamp or a date")
    if spec.model not in _KEYED[:2] and spec.deletes in ("tombstone", "erase"):
        _refuse(f"deletes: {spec.deletes} works in scd_type_1 and scd_type_2 only")


def _refuse(problem: str) -> NoReturn:
    raise ConfigError(f"Silver cannot be folded: {problem}", code="CFG004")
