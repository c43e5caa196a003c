"""What a compiled contract consists of.

Belongs here: the rules as values. Lives elsewhere: making them from a configuration (`contract`) or
a pandera schema (`python_schema`), single checks (`checks`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from medallion.checks import CheckRule, OnFail


@dataclass(frozen=True)
class ColumnRule:
    """What one column promises.

    Attributes:
        name: The Silver column.
        type: Type to cast to; None keeps Bronze's type.
        nullable: Whether null is a good value.
        on_fail: What a failing check or a forbidden null does. A value of a wrong type cannot be
            kept, so there `warn` means quarantine.
        format: strptime form of texts that become dates or timestamps.
        required: Whether an absent column is filled with nulls and reported.
    """

    name: str
    type: pa.DataType | None
    nullable: bool = True
    on_fail: OnFail = "quarantine"
    format: str | None = None
    required: bool = True


@dataclass(frozen=True)
class UniqueRule:
    """Columns whose values, taken together, no two rows share; nulls never equal each other."""

    columns: tuple[str, ...]
    on_fail: OnFail = "quarantine"

    @property
    def label(self) -> str:
        """The columns as manifests name them."""
        return ", ".join(self.columns)


@dataclass(frozen=True)
class CompiledContract:
    """Everything that is checked, ready to run.

    Attributes:
        columns: Rules by column name, in declared order.
        strict: Whether undeclared columns are drift.
        row_checks: Checks of one column.
        frame_checks: Checks that look at several columns of the whole partition.
        uniques: What is unique over the whole partition.
    """

    columns: Mapping[str, ColumnRule] = field(default_factory=dict)
    strict: bool = False
    row_checks: tuple[CheckRule, ...] = ()
    frame_checks: tuple[CheckRule, ...] = ()
    uniques: tuple[UniqueRule, ...] = ()
