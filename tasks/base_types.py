"""Whether the values of the previous partition fit the types that its columns have now.

Belongs here: reading the columns of a base whose type changed. Lives elsewhere: which type a column
takes (`medallion.column_plan`), the fold onto the base (`tasks.folding`).
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from medallion.casting import cast_column
from medallion.errors import QualityError
from medallion.provenance import PublishedPartition
from medallion.types import canonical_type, format_type
from tasks.relations import artifact_files


def require_castable(base: PublishedPartition, business: pa.Schema) -> None:
    """Refuse a base with values that the columns' types of now cannot hold.

    The engine would round or stop in the middle of the fold. Only columns whose type differs are
    read, so that a base is seldom looked at.

    Raises:
        QualityError: QUAL002, naming the column and both types.
    """
    for files in artifact_files(base).values():
        for path in files:
            _compare_file(path, business)


def _compare_file(path: Path, business: pa.Schema) -> None:
    with pq.ParquetFile(path) as file:
        held = file.schema_arrow
        names = [name for name in business.names if name in held.names]
        changed = [n for n in names if _differs(held.field(n).type, business.field(n).type)]
        if not changed:
            return
        for batch in file.iter_batches(columns=changed):
            for name in changed:
                _require_fit(name, batch.column(name), business.field(name).type)


def _differs(held: pa.DataType, now: pa.DataType) -> bool:
    return bool(canonical_type(held) != canonical_type(now))


def _require_fit(name: str, values: pa.Array, kind: pa.DataType) -> None:
    if not _fits(values, kind):
        raise QualityError(
            f"column {name} was {format_type(values.type)} and is {format_type(kind)} now, which "
            "cannot hold all values of before: declare its type in silver.contract; nothing was "
            "published",
            code="QUAL002",
            column=name,
        )


def _fits(values: pa.Array, kind: pa.DataType) -> bool:
    _, bad = cast_column(values, kind)
    try:
        values.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return not pc.any(bad).as_py()
