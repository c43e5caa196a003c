"""Checks that need a whole partition: uniqueness, and those of a frame or a whole column.

Belongs here: running them over the spool of good rows. Lives elsewhere: checks of single rows
(`medallion.row_validation`), taking rejected rows out again (`tasks.validation`).

Uniqueness works out of core. A check of the whole frame sees all good rows at once, and so does
the memory that holds them: that is what such a check asks for.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from medallion.check_run import make_frame, run_check
from medallion.checks import CheckRule
from medallion.contract_rules import UniqueRule
from medallion.folds.sql import literal, quote
from medallion.normalize import OPERATION, POSITION
from medallion.quality import RejectReason
from medallion.tally import Tally
from medallion.valid_batch import rejects_at
from tasks.readers.stream import BATCH_ROWS


def find_duplicates(
    connection: duckdb.DuckDBPyConnection, spool: Path, rules: Iterable[UniqueRule], tally: Tally
) -> Iterator[pa.Table]:
    """Yield the rejects of every rule: all rows that share their values; nulls share none.

    Delete rows neither count nor go.
    """
    names = pq.read_schema(spool).names
    for rule in rules:
        if not set(rule.columns) <= set(names):
            continue
        found = 0
        query = _duplicates_query(spool, rule.columns, has_operations=OPERATION in names)
        for batch in connection.sql(query).to_arrow_reader(BATCH_ROWS):
            found += batch.num_rows
            if rule.on_fail == "quarantine":
                yield rejects_at(batch.column(0), RejectReason.NOT_UNIQUE, "unique", rule.label)
        tally.count("unique", rule.label, rule.on_fail, found)


def find_failed_wholes(spool: Path, rules: Sequence[CheckRule], tally: Tally) -> Iterator[pa.Table]:
    """Yield the rejects of checks over all good rows but deletes.

    A check that names no row cannot send one to quarantine, so its failure fails the run.

    Raises:
        QualityError: QUAL003, if a check raises or does not line up with the rows.
    """
    for rule in rules:
        table = _read_columns(spool, rule)
        positions = table.column(POSITION).combine_chunks()
        business = table.drop_columns([POSITION])
        answer = run_check(rule, make_frame(business.columns, business.column_names))
        if answer.failed_rows is None:
            failed = 0 if answer.passed else max(1, table.num_rows)
            tally.count_run(rule, failed, as_a_whole=True)
            continue
        tally.count_run(rule, len(answer.failed_rows))
        if rule.on_fail == "quarantine" and len(answer.failed_rows):
            failed_at = positions.take(pa.array(np.sort(answer.failed_rows)))
            yield rejects_at(failed_at, RejectReason.CHECK_FAILED, rule.name, rule.column)


def _duplicates_query(spool: Path, columns: Sequence[str], *, has_operations: bool) -> str:
    rows = f"read_parquet({literal(str(spool))}, hive_partitioning = false)"
    names = ", ".join(quote(name) for name in columns)
    given = [f"{quote(name)} IS NOT NULL" for name in columns]
    given += [f"{quote(OPERATION)} <> 'D'"] if has_operations else []
    where = " AND ".join(given)
    return (
        f"SELECT {quote(POSITION)} FROM {rows} SEMI JOIN "
        f"(SELECT {names} FROM {rows} WHERE {where} GROUP BY {names} HAVING count(*) > 1) "
        f"USING ({names}) WHERE {where}"
    )


def _read_columns(spool: Path, rule: CheckRule) -> pa.Table:
    """Read what a check looks at: its column, or everything where it may look elsewhere too."""
    alone = rule.column is not None and rule.check.groupby is None
    names = pq.read_schema(spool).names
    extra = [name for name in (POSITION, OPERATION) if name in names]
    with pq.ParquetFile(spool) as file:
        table = file.read([rule.column, *extra] if alone else None)
    if OPERATION in names:
        table = table.filter(pc.not_equal(table.column(OPERATION), "D"))
        table = table.drop_columns([OPERATION])
    return table
