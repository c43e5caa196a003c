"""What a Silver partition looks like on disk: directories by value, CSV copies, accounts.

Belongs here: promotions whose result is looked at with other tools. Lives elsewhere: schemas
(`test_promotion_schema`), types (`test_promotion_types`), writing files (`test_bronze_partitions`).
"""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from medallion.errors import ConfigError, MedallionError, TerminalSourceError
from medallion.partition import NULL_PARTITION
from tests.lakes import Lake, day

ODD = [
    *(None, "", " ", "a/b", ".", "..", "Zoë %41", "NULL", "null", NULL_PARTITION),
    *("a=b", "A=B", "x\ny", "*?[a]", "\\", "'\"", "a:b|c", "x" * 80),
]
SILVER = {"model": "scd_type_1", "primary_keys": ["id"]}
PARTED: dict[str, tuple[pa.DataType, list[Any]]] = {
    "int64": (pa.int64(), [None, -1, 0, 2**62]),
    "bool": (pa.bool_(), [None, True, False]),
    "date32": (pa.date32(), [None, dt.date(1, 1, 1), dt.date(2025, 2, 28)]),
    "decimal": (pa.decimal128(9, 2), [Decimal("-1.50"), Decimal("0.00")]),
    "float64": (pa.float64(), [None, 0.5, -1e300, float("nan")]),
    "timestamp": (pa.timestamp("us", "Europe/Berlin"), [None, 0, 1_743_296_400_000_001]),
}


def files_of(lake: Lake, number: int, artifact: str) -> dict[str, pa.Table]:
    """An artifact's Parquet files by path."""
    partition = lake.partition(day(number))
    files = [file for file in lake.checksums(day(number)).files if file.artifact == artifact]
    return {file.path: pq.ParquetFile(partition / file.path).read() for file in files}


def decode(path: str) -> tuple[str, str | None]:
    """Return column and value that a file's directory names."""
    column, _, value = path.split("/")[1].partition("=")
    return unquote(column), None if value == NULL_PARTITION else unquote(value)


@pytest.mark.parametrize("model", ["scd_type_1", "scd_type_2", "periodic_snapshot"])
def test_odd_values_become_directories_and_come_back(memory_path: Path, model: str) -> None:
    parts = {"columns": ["the region"]}
    at = dt.datetime(2025, 3, 1, tzinfo=dt.UTC)
    silver = SILVER | {"model": model, "order_column": "at", "partitioning": parts}
    lake = Lake(memory_path, silver, "full", {"silver": {"max_delete_percent": 100}})
    rows = pa.table({"id": range(len(ODD)), "the region": ODD, "at": [at] * len(ODD)})
    lake.run(day(1), rows)
    lake.run(day(2), rows.slice(0, 0))
    lake.run(day(3), rows)
    artifact = "full_snapshot" if model == "periodic_snapshot" else "current"
    found = files_of(lake, 3, artifact)
    for path, table in found.items():
        assert set(table.column("the region").to_pylist()) == {decode(path)[1]}
        assert decode(path)[0] == "the region"
    assert sorted(id for table in found.values() for id in table.column("id").to_pylist()) == [
        *range(len(ODD))
    ]
    assert len(found) == len(ODD)
    assert lake.verify() == ()
    assert lake.promote(day(3))[0].status == "unchanged"


@pytest.mark.parametrize("parted", PARTED.values(), ids=PARTED)
def test_values_of_every_type_become_directories(memory_path: Path, parted: Any) -> None:
    kind, values = parted
    lake = Lake(memory_path, SILVER | {"partitioning": {"columns": ["part"]}})
    lake.run(day(1), pa.table({"id": range(len(values)), "part": pa.array(values, kind)}))
    lake.run(day(2), pa.table({"id": [99], "part": pa.array(values[:1], kind)}))
    found = files_of(lake, 2, "current")
    assert len({decode(path) for path in found}) == len(found) == len(values)
    assert sum(table.num_rows for table in found.values()) == len(values) + 1
    assert lake.verify() == ()


def test_two_columns_make_two_levels(memory_path: Path) -> None:
    lake = Lake(memory_path, SILVER | {"partitioning": {"columns": ["b", "a"]}})
    lake.run(day(1), pa.table({"id": [1, 2, 3], "a": ["x", "y", "x"], "b": [1, 1, None]}))
    folders = [path.rpartition("/")[0] for path in files_of(lake, 1, "current")]
    assert folders == ["current/b=1/a=x", "current/b=1/a=y", f"current/b={NULL_PARTITION}/a=x"]


def test_value_too_long_for_a_directory_is_told(memory_path: Path) -> None:
    lake = Lake(memory_path, SILVER | {"partitioning": {"columns": ["part"]}})
    with pytest.raises(MedallionError, match="name too long") as failure:
        lake.run(day(1), pa.table({"id": [1], "part": ["ä" * 60]}))
    assert failure.value.code == "STG005"
    assert not lake.partition(day(1)).exists()


def test_glob_of_an_artifact_is_right_by_itself(memory_path: Path) -> None:
    silver = SILVER | {"partitioning": {"columns": ["part"]}, "write_csv": True}
    lake = Lake(memory_path, silver)
    lake.run(day(1), pa.table({"id": [1, 2, 3], "part": ["a/b", None, "c"]}))
    glob = f"{lake.partition(day(1))}/current/**/*.parquet"
    query = "SELECT id, part FROM read_parquet(?, hive_partitioning = true) ORDER BY id"
    with duckdb.connect() as engine:
        found = engine.execute(query, [glob]).fetchall()
    assert found == [(1, "a/b"), (2, None), (3, "c")]
    every = list(lake.partition(day(1)).glob("current/**/*"))
    assert {path.suffix for path in every if path.is_file()} == {".parquet"}


@pytest.mark.parametrize("model", ["scd_type_2", "incremental_merge", "event_log"])
def test_csv_copies_hold_the_same_rows(memory_path: Path, model: str) -> None:
    silver = {"model": model, "write_csv": True, "max_rows_per_file": 2, "order_column": "at"}
    lake = Lake(memory_path, SILVER | silver)
    at = [dt.datetime(2025, 3, 1, hour, tzinfo=dt.UTC) for hour in range(5)]
    names = ["plain", 'quo"te', "com,ma", "new\nline", None]
    lake.run(day(1), pa.table({"id": range(5), "at": at, "name": names}))
    main = lake.checksums(day(1)).stats["artifact"]
    parquet = pa.concat_tables(files_of(lake, 1, main).values())
    copies = [f for f in lake.checksums(day(1)).files if f.artifact == f"{main}_csv"]
    options = pa_csv.ConvertOptions(
        column_types=parquet.schema, strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    parsing = pa_csv.ParseOptions(newlines_in_values=True)
    tables = [
        pa_csv.read_csv(
            lake.partition(day(1)) / copy.path, parse_options=parsing, convert_options=options
        )
        for copy in copies
    ]
    assert [table.num_rows for table in tables] == [copy.row_count for copy in copies] == [2, 2, 1]
    assert pa.concat_tables(tables).cast(parquet.schema).equals(parquet)
    assert lake.verify() == ()


@pytest.mark.parametrize(
    "values",
    [pa.array([[1]]), pa.array([b"\xff"]), pa.array([{"a": 1}])],
    ids=lambda v: str(v.type),
)
def test_column_that_csv_cannot_hold_is_named(memory_path: Path, values: pa.Array) -> None:
    lake = Lake(memory_path, SILVER | {"write_csv": True})
    with pytest.raises(TerminalSourceError, match=r"'odd'.*write_csv") as failure:
        lake.run(day(1), pa.table({"id": [1], "odd": values}))
    assert failure.value.code == "EXT003"
    assert not lake.partition(day(1)).exists()


@pytest.mark.parametrize("model", ["scd_type_1", "scd_type_2"])
def test_state_needs_parquet(memory_path: Path, model: str) -> None:
    csv_only = {"write_csv": True, "write_parquet": False, "order_column": "at", "model": model}
    lake = Lake(memory_path, SILVER | csv_only)
    with pytest.raises(ConfigError, match="write_parquet") as failure:
        assert lake.dataset
    assert failure.value.code == "CFG004"


@pytest.mark.parametrize("model", ["periodic_snapshot", "event_log"])
def test_other_models_may_do_without_parquet(memory_path: Path, model: str) -> None:
    lake = Lake(memory_path, {"write_csv": True, "write_parquet": False, "model": model})
    lake.run(day(1), pa.table({"id": [1, 2]}))
    (result,) = lake.run(day(2), pa.table({"id": [2, 3]}))
    assert result.row_count == (1 if model == "event_log" else 2)
    (file,) = [one for one in lake.checksums(day(2)).files if one.row_count == result.row_count]
    assert file.path.endswith(".csv")
    assert lake.verify() == ()


LAWS = {
    "scd_type_1": {"applied": 4, "superseded": 1, "unchanged": 0, "deduplicated": 1},
    "scd_type_2": {"applied": 5, "superseded": 0, "unchanged": 0, "deduplicated": 1},
    "incremental_merge": {"applied": 5, "superseded": 0, "unchanged": 0, "deduplicated": 1},
    "event_log": {"applied": 5, "superseded": 0, "unchanged": 0, "deduplicated": 1},
}


@pytest.mark.parametrize("buckets", [1, 3])
@pytest.mark.parametrize("model", LAWS)
def test_manifest_accounts_for_every_row(memory_path: Path, model: str, buckets: int) -> None:
    handling = {"error_handling": {"enabled": True, "max_bad_records": 9}}
    silver = {"model": model, "order_column": "at", "cdc": {"op_column": "op"}, **handling}
    silver["buckets"] = buckets
    lake = Lake(memory_path, SILVER | silver)
    at = [dt.datetime(2025, 3, 1, hour, tzinfo=dt.UTC) for hour in (1, 1, 2, 1, 1, 1, 1, 1)]
    rows = {"id": [1, 1, 1, 2, 3, 4, None, 5], "op": ["I", "I", "U", "I", "I", "I", "I", "?"]}
    lake.run(day(1), pa.table({**rows, "at": at, "x": [1, 1, 2, 1, 1, 1, 1, 1]}))
    checksums = lake.checksums(day(1))
    law = checksums.stats["law"][str(day(1))]
    assert law == {"read": 8, "quarantined": 2, "discarded": 0, **LAWS[model]}
    rejected = [f.row_count for f in checksums.files if f.artifact == "quarantine"]
    assert rejected == [2]
    assert lake.verify() == ()
