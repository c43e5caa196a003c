"""Read a pandera schema of the operator's own as contract rules.

Belongs here: which parts of a pandera schema mean something in a promotion, and which are refused.
Lives elsewhere: importing the schema's module (`tasks.validation`), running its checks
(`check_run`).
"""

from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pandera.pandas as pandera
import pyarrow as pa
from pandera.engines import pandas_engine

from medallion.checks import CheckRule
from medallion.contract_rules import ColumnRule, CompiledContract, UniqueRule
from medallion.errors import ConfigError
from medallion.types import canonical_type


def compile_python_schema(schema: Any, where: str) -> CompiledContract:
    """Turn a `DataFrameSchema` or a `DataFrameModel` of `pandera.pandas` into rules.

    Types, nullability, checks and `unique` are taken over; `coerce` is not needed, since columns
    are cast first. A check with `raise_warning=True` only warns.

    Raises:
        ConfigError: CFG003, for anything else, and for what would change data: parsers, defaults,
            dropping or adding of rows and columns; for columns named by a pattern; for an index.
    """
    if isinstance(schema, type) and issubclass(schema, pandera.DataFrameModel):
        schema = _build(schema, where)
    if not isinstance(schema, pandera.DataFrameSchema):
        _refuse(where, "is neither a DataFrameSchema nor a DataFrameModel of pandera.pandas")
    _need_supported(schema, where)
    rules = {name: _column_rule(name, column, where) for name, column in schema.columns.items()}
    row_checks = [
        _check_rule(check, name)
        for name, column in schema.columns.items()
        for check in column.checks
    ]
    uniques = [UniqueRule((name,)) for name, column in schema.columns.items() if column.unique]
    if schema.unique:
        uniques.append(UniqueRule(tuple(schema.unique)))
    return CompiledContract(
        rules,
        bool(schema.strict),
        tuple(row_checks),
        tuple(_check_rule(check, None) for check in schema.checks),
        tuple(uniques),
    )


def _build(model: type[pandera.DataFrameModel], where: str) -> pandera.DataFrameSchema:
    try:
        return model.to_schema()
    except Exception as error:
        _refuse(where, f"is no valid model: {error}")


def _need_supported(schema: pandera.DataFrameSchema, where: str) -> None:
    if schema.index is not None:
        _refuse(where, "has an index; rows of a partition have none")
    if schema.parsers or any(column.parsers for column in schema.columns.values()):
        _refuse(where, "has parsers; change data in the source or by silver.normalization")
    if schema.drop_invalid_rows or schema.add_missing_columns or schema.strict == "filter":
        _refuse(where, "drops or adds rows or columns; use on_fail and schema_drift instead")
    for name, column in schema.columns.items():
        if column.regex:
            _refuse(where, f"names columns by the pattern {name!r:.60}; name each one")
        if column.default is not None:
            _refuse(where, f"has a default for {name!r:.60}; a null stays a null")


def _column_rule(name: str, column: Any, where: str) -> ColumnRule:
    kind = _arrow_type(column.dtype, f"{where}: column {name!r:.60}")
    return ColumnRule(
        name,
        None if kind is None else canonical_type(kind),
        nullable=bool(column.nullable),
        required=bool(column.required),
    )


def _check_rule(check: Any, column: str | None) -> CheckRule:
    name = str(check.name or "check")
    return CheckRule(name, column, check, "warn" if check.raise_warning else "quarantine")


def _arrow_type(dtype: Any, where: str) -> pa.DataType | None:
    """Return the Arrow type that a pandera type means; None where it leaves the type open."""
    if dtype is None:
        return None
    if isinstance(dtype, pandas_engine.Decimal):
        return pa.decimal128(dtype.precision, dtype.scale)
    if isinstance(dtype, pandas_engine.Date):
        return pa.date32()
    return _arrow_type_of_pandas(dtype.type, where)


def _arrow_type_of_pandas(kind: Any, where: str) -> pa.DataType | None:
    if isinstance(kind, pd.ArrowDtype):
        return kind.pyarrow_dtype
    if isinstance(kind, pd.StringDtype):
        return pa.string()
    if isinstance(kind, pd.DatetimeTZDtype):
        return pa.timestamp(kind.unit, tz=str(kind.tz))
    numpy_type = getattr(kind, "numpy_dtype", kind)
    if isinstance(kind, pd.CategoricalDtype) or numpy_type == np.dtype(object):
        return None
    try:
        return pa.from_numpy_dtype(numpy_type)
    except (pa.ArrowNotImplementedError, TypeError, ValueError):
        _refuse(where, f"type {kind} has no Arrow type; use pd.ArrowDtype")


def _refuse(where: str, why: str) -> NoReturn:
    raise ConfigError(f"silver.contract.python: {where} {why}", code="CFG003")
