"""Validate one Bronze partition: its good rows in a spool, its bad rows in a log with reasons.

Belongs here: streaming the partition through validation, and the checks that follow once all rows
are known. Lives elsewhere: what is valid (`medallion.row_validation`), the spool files
(`tasks.row_spools`), quarantine files (`tasks.quarantine`).
"""

import logging
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pyarrow as pa

from medallion.column_plan import ColumnPlan, plan_columns
from medallion.config.silver import Silver
from medallion.contract import compile_contract
from medallion.contract_rules import CompiledContract
from medallion.drift import Drift
from medallion.manifest import ColumnSchema, DataFile
from medallion.quality import judge
from medallion.row_validation import RowValidator
from medallion.tally import CheckOutcome
from medallion.types import columns_schema, schema_columns
from medallion.valid_batch import ValidBatch
from tasks.bronze_rows import BronzeRows, open_bronze
from tasks.engine import connect
from tasks.python_contract import load_python_schema
from tasks.quarantine import write_quarantine as write_quarantine
from tasks.readers.stream import read_ahead
from tasks.row_spools import RejectCount, RowSpools
from tasks.whole_checks import find_duplicates, find_failed_wholes

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Validated:
    """A validated partition: `row_count` = `good_count` + `bad_count`.

    Attributes:
        spool_files: The good rows in source order: the columns of `schema`, `__position` (row
            number over the partition's files), and with operations `__op` (`I`, `U` or `D`). The
            columns of `schema` may be null there: those of delete rows are, whatever it promises.
        schema: The business columns of Silver, with the nullability that the contract promises.
        row_count: Rows read.
        good_count: Rows in the spool.
        bad_count: Rows rejected.
        reject_log: A row per bad row and reason, ordered by position and severity; None if there
            is no bad row.
        rejected_keys: Files with the keys of rejected rows, where the key itself is good; none if
            there is no bad row, or no key.
        reject_counts: Bad rows by reason, check and column.
        checks: How every check of the contract went, for the manifest.
        drift: How the columns differ from the contract and the previous partition.
        baseline: The source's columns as they are taken: `previous` of the next partition.
        warnings: What people should know, one line each.
    """

    spool_files: tuple[Path, ...]
    schema: pa.Schema
    row_count: int
    good_count: int
    bad_count: int
    reject_log: Path | None
    rejected_keys: tuple[Path, ...]
    reject_counts: tuple[RejectCount, ...]
    checks: tuple[CheckOutcome, ...]
    drift: Drift
    baseline: tuple[ColumnSchema, ...]
    warnings: tuple[str, ...]


def validate_partition(
    bronze: Path,
    files: Sequence[DataFile],
    silver: Silver,
    workspace: Path,
    previous: Sequence[ColumnSchema] | None = None,
    *,
    enforce: bool = True,
) -> Validated:
    """Validate the rows of a Bronze partition; memory is bounded by the batch.

    Only a check of the whole frame in a pandera schema needs all good rows in memory.

    Args:
        bronze: The partition's directory.
        files: All files of its manifest.
        silver: The configuration.
        workspace: An empty directory for spool files; the caller removes it.
        previous: `baseline` of the previous partition of the dataset; None for the first one.
        enforce: Whether drift, failed checks and too many bad rows are errors. A rebuild of an
            earlier date, which passed when it was promoted, only parts the rows.

    Raises:
        QualityError: QUAL001, QUAL002, QUAL003.
        ConfigError: CFG003 or CFG004, for a contract that cannot be compiled.
        TerminalSourceError: EXT003, for columns that cannot become Silver.
        ChecksumMismatchError: STG002, for files that are not what the manifest says.
    """
    contract = compile_contract(silver.contract, load_python_schema(silver.contract.python))
    rows = open_bronze(bronze, files)
    before = None if previous is None else columns_schema(previous)
    plan = plan_columns(rows.schema, silver, contract, before, is_empty=not rows.row_count)
    if enforce:
        plan.drift.refuse(silver.schema_drift)
    validator = RowValidator(plan, silver, contract)
    spools = RowSpools(workspace, plan.schema, silver)
    with closing(_validate_rows(rows, validator)) as validated:
        spools.fill(validated)
    _check_whole(spools, contract, validator, silver)
    _log.info("validated bronze=%s rows=%d bad=%d", bronze, rows.row_count, spools.bad_count)
    if enforce:
        validator.tally.refuse_failures()
        _refuse_bad_rows(spools.bad_count, rows.row_count, silver)
    return _describe(rows.row_count, plan, validator, spools)


def _describe(
    row_count: int, plan: ColumnPlan, validator: RowValidator, spools: RowSpools
) -> Validated:
    return Validated(
        spool_files=(spools.rows,),
        schema=plan.schema,
        row_count=row_count,
        good_count=spools.good_count,
        bad_count=spools.bad_count,
        reject_log=spools.rejects if spools.bad_count else None,
        rejected_keys=spools.rejected_keys(),
        reject_counts=spools.reject_counts(),
        checks=validator.tally.outcomes(),
        drift=plan.drift,
        baseline=schema_columns(plan.baseline),
        warnings=(*plan.warnings, *validator.warnings()),
    )


def _validate_rows(rows: BronzeRows, validator: RowValidator) -> Generator[ValidBatch]:
    start = 0
    with closing(read_ahead(piece.batch for piece in rows.read())) as batches:
        for batch in batches:
            yield validator.validate(batch, start)
            start += batch.num_rows


def _check_whole(
    spools: RowSpools, contract: CompiledContract, validator: RowValidator, silver: Silver
) -> None:
    """Run what needs all good rows, and reject the rows that it finds bad."""
    tally, wholes = validator.tally, validator.whole_checks
    if not validator.checked_rows:
        return
    if contract.uniques or wholes:
        with connect(silver.memory_limit_mb, spools.rows.parent / "spill") as connection:
            late = chain(
                find_duplicates(connection, spools.rows, contract.uniques, tally),
                find_failed_wholes(spools.rows, wholes, tally),
            )
            spools.reject(late, connection)
    tally.need_all_run()


def _refuse_bad_rows(bad_count: int, row_count: int, silver: Silver) -> None:
    error = judge(bad_count, row_count, silver.error_handling)
    if error is not None:
        raise error
