"""Validation of real Bronze files: every reason, every leniency, nothing lost."""

import datetime as dt
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medallion.errors import (
    ChecksumMismatchError,
    ConfigError,
    QualityError,
    TerminalSourceError,
)
from medallion.layout import WriteSettings
from medallion.manifest import DataFile
from tests.validating import Case, check_conservation, good, land, reasons

NAN = float("nan")
CDC = {"primary_keys": ["id"], "order_column": "at", "cdc": {"op_column": "op"}}


def declare(**columns: Any) -> dict[str, Any]:
    """Write a contract: a type, or a whole column section."""
    sections = {n: c if isinstance(c, dict) else {"type": c} for n, c in columns.items()}
    return {"columns": sections}


@pytest.mark.parametrize(
    ("rows", "silver", "expected"),
    [
        ({"id": [1, None]}, {"primary_keys": ["id"]}, "null_key:id"),
        ({"id": [1.0, NAN]}, {"primary_keys": ["id"]}, "null_key:id"),
        (
            {"id": [1, 1], "at": [1, None]},
            {"primary_keys": ["id"], "order_column": "at"},
            "null_order:at",
        ),
        (
            {"op": ["I", "x"]},
            {"cdc": {"op_column": "op"}},
            "unknown_op:op",
        ),
        (
            {"op": ["I", None]},
            {"cdc": {"op_column": "op"}},
            "unknown_op:op",
        ),
        ({"v": ["1", "x"]}, {"contract": declare(v="int64")}, "wrong_type:v:type"),
        (
            {"v": [1, None]},
            {"contract": declare(v={"type": "int64", "nullable": False})},
            "null_not_allowed:v:not_null",
        ),
        (
            {"v": [1.0, NAN]},
            {"contract": declare(v={"type": "float64", "checks": {"not_null": True}})},
            "null_not_allowed:v:not_null",
        ),
        (
            {"v": [1, 0]},
            {"contract": declare(v={"type": "int64", "checks": {"ge": 1}})},
            "check_failed:v:ge",
        ),
        (
            {"v": [None, 1], "extra": [None, "x"]},
            {"contract": declare(v="int64") | {"strict": True}, "schema_drift": "quarantine"},
            "undeclared_column:extra",
        ),
    ],
)
def test_bad_row_is_rejected_with_its_reason(
    tmp_path: Path, rows: dict[str, list[Any]], silver: dict[str, Any], expected: str
) -> None:
    done = land(tmp_path, rows).validate(**silver)
    assert reasons(done) == {1: [expected]}
    assert done.reject_counts[0].row_count == 1


def test_row_lists_all_its_reasons_the_worst_first(tmp_path: Path) -> None:
    contract = declare(a={"type": "int64"}, b={"type": "int64", "checks": {"ge": 0, "ne": -1}})
    done = land(tmp_path, {"id": [None], "a": ["x"], "b": [-1]}).validate(
        contract=contract, primary_keys=["id"]
    )
    assert reasons(done) == {
        0: ["null_key:id", "wrong_type:a:type", "check_failed:b:ge", "check_failed:b:ne"]
    }
    assert done.bad_count == 1


def test_value_that_cannot_be_cast_is_not_null_as_well(tmp_path: Path) -> None:
    contract = declare(id={"type": "int64", "nullable": False})
    done = land(tmp_path, {"id": ["x"]}).validate(contract=contract, primary_keys=["id"])
    assert reasons(done) == {0: ["wrong_type:id:type"]}


def test_delete_row_needs_only_key_order_and_op(tmp_path: Path) -> None:
    contract = declare(
        id={"type": "int64", "checks": {"ge": 0}},
        v={"type": "int64", "nullable": False, "checks": {"ge": 0, "unique": True}},
    )
    rows = {
        "id": [1, 2, 3, None, -5, 6],
        "at": [1, 1, 1, 1, 1, None],
        "op": ["D"] * 6,
        "v": [None, "x", "-1", "1", "1", "1"],
    }
    done = land(tmp_path, rows).validate(contract=contract, **CDC)
    assert reasons(done) == {
        3: ["null_key:id"],
        4: ["check_failed:id:ge"],
        5: ["null_order:at"],
    }
    assert good(done).column("v").to_pylist() == [None, None, -1]
    assert good(done).column("__op").to_pylist() == ["D"] * 3
    assert done.warnings == ("1 values of delete rows could not be cast: now null",)


def test_same_faults_reject_a_row_that_is_no_delete(tmp_path: Path) -> None:
    contract = declare(v={"type": "int64", "nullable": False, "checks": {"ge": 0}})
    rows = {"id": [1, 2, 3], "at": [1, 1, 1], "op": ["U"] * 3, "v": [None, "x", "-1"]}
    done = land(tmp_path, rows).validate(contract=contract, **CDC)
    assert list(reasons(done)) == [0, 1, 2]


def test_operations_are_read_by_their_configured_words(tmp_path: Path) -> None:
    cdc = {"op_column": "kind", "insert": ["1", "c"], "update": ["2"], "delete": ["3"]}
    done = land(tmp_path, {"kind": [1, 2, 3, 4]}).validate(cdc=cdc)
    assert good(done).column("__op").to_pylist() == ["I", "U", "D"]
    assert good(done).column("kind").to_pylist() == [1, 2, 3]
    assert reasons(done) == {3: ["unknown_op:kind"]}


def test_duplicates_are_found_across_batches_and_files(tmp_path: Path) -> None:
    contract = declare(v={"type": "int64", "checks": {"unique": True}})
    first = list(range(100_000))
    done = land(tmp_path, {"v": first}, {"v": [5, 200_000, None, None, 99_999]}).validate(
        contract=contract, primary_keys=["v"]
    )
    not_unique = ["not_unique:v:unique"]
    assert {p: r for p, r in reasons(done).items() if r == not_unique} == {
        5: not_unique,
        99_999: not_unique,
        100_000: not_unique,
        100_004: not_unique,
    }
    keys = pa.concat_tables([pq.ParquetFile(path).read() for path in done.rejected_keys])
    assert sorted(keys.column("v").to_pylist()) == [5, 5, 99_999, 99_999]


def test_bad_rows_and_deletes_do_not_make_duplicates(tmp_path: Path) -> None:
    contract = declare(v={"type": "int64", "checks": {"unique": True}}, w="int64")
    rows = {"op": ["I", "D", "I"], "v": [1, 1, 1], "w": ["1", "1", "x"]}
    done = land(tmp_path, rows).validate(contract=contract, cdc={"op_column": "op"})
    assert reasons(done) == {2: ["wrong_type:w:type"]}


@pytest.mark.parametrize("on_fail", ["fail", "warn"])
def test_on_fail_keeps_the_rows_and_counts_them(tmp_path: Path, on_fail: str) -> None:
    checks = {"ge": 0, "unique": True, "not_null": True}
    contract = declare(v={"type": "int64", "checks": checks, "on_fail": on_fail})
    done = land(tmp_path, {"v": [-1, -1, None]}).validate(contract=contract)
    assert done.bad_count == 0
    counts = {check.name: (check.failed_rows, check.status) for check in done.checks}
    status = "failed" if on_fail == "fail" else "warned"
    assert counts == {
        "type": (0, "passed"),
        "not_null": (1, status),
        "ge": (2, status),
        "unique": (2, status),
    }


def test_failed_check_ends_the_run_where_the_contract_says_so(tmp_path: Path) -> None:
    contract = declare(v={"type": "int64", "checks": {"ge": 0}, "on_fail": "fail"})
    with pytest.raises(QualityError, match="ge on v: 1 rows") as caught:
        land(tmp_path, {"v": [-1]}).validate(contract=contract, enforce=True)
    assert caught.value.code == "QUAL003"


def test_too_many_bad_rows_end_the_run(tmp_path: Path) -> None:
    with pytest.raises(QualityError, match="1 of 2 rows") as caught:
        land(tmp_path, {"id": [1, None]}).validate(primary_keys=["id"], enforce=True)
    assert caught.value.code == "QUAL001"


def test_refused_drift_ends_the_run(tmp_path: Path) -> None:
    case = land(tmp_path, {"a": [1], "b": [1]})
    previous = [column for column in _baseline(case) if column.name == "a"]
    with pytest.raises(QualityError, match=r"added b \(int64\)") as caught:
        case.validate(previous, schema_drift="fail", enforce=True)
    assert caught.value.code == "QUAL002"


def _baseline(case: Case) -> Any:
    done = case.validate()
    for file in (case.root / "work").iterdir():
        file.unlink()
    (case.root / "work").rmdir()
    return done.baseline


PYTHON_SCHEMA = """
import pandera.pandas as pandera

class Orders(pandera.DataFrameModel):
    amount: float = pandera.Field(ge=0, nullable=True)
    paid: float = pandera.Field(nullable=True)

    @pandera.dataframe_check
    def is_paid_in_part(cls, frame):
        return frame["paid"] <= frame["amount"]

    class Config:
        unique = ["amount", "paid"]

mean = pandera.DataFrameSchema(
    {"v": pandera.Column(float, pandera.Check(lambda v: v.mean() < 5, name="mean"))}
)
frame = pandera.DataFrameSchema(checks=pandera.Check(lambda frame: len(frame) < 3, name="short"))
broken = pandera.DataFrameSchema({"v": pandera.Column(float, pandera.Check(lambda v: v.secret))})
"""


@pytest.fixture
def own_schemas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module with schemas, importable by its name."""
    name = f"schemas_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(PYTHON_SCHEMA)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return name


def test_own_schema_checks_columns_frames_and_uniqueness(tmp_path: Path, own_schemas: str) -> None:
    rows = {"amount": ["5", "-1", "5", "5", "x", "8"], "paid": [5.0, -2.0, 6.0, 5.0, 1.0, 8.0]}
    done = land(tmp_path, rows).validate(contract={"python": f"{own_schemas}:Orders"})
    assert reasons(done) == {
        0: ["not_unique:amount, paid:unique"],
        1: ["check_failed:amount:greater_than_or_equal_to"],
        2: ["check_failed:is_paid_in_part"],
        3: ["not_unique:amount, paid:unique"],
        4: ["wrong_type:amount:type"],
    }
    assert {check.name for check in done.checks} >= {"is_paid_in_part", "unique", "type"}


@pytest.mark.parametrize(("schema", "value"), [("mean", 9.0), ("frame", 1.0)])
def test_check_that_names_no_row_fails_the_run(
    tmp_path: Path, own_schemas: str, schema: str, value: float
) -> None:
    case = land(tmp_path, {"v": [value] * 3})
    with pytest.raises(QualityError, match="3 rows") as caught:
        case.validate(contract={"python": f"{own_schemas}:{schema}"}, enforce=True)
    assert caught.value.code == "QUAL003"


def test_check_of_a_whole_column_sees_all_batches(tmp_path: Path, own_schemas: str) -> None:
    values = np.where(np.arange(200_000) < 70_000, 9.0, 0.0)
    contract = {"python": f"{own_schemas}:mean"}
    done = land(tmp_path, {"v": values}).validate(contract=contract, enforce=True)
    assert [(c.name, c.status) for c in done.checks if c.name == "mean"] == [("mean", "passed")]


def test_check_that_raises_is_an_error_of_the_contract(tmp_path: Path, own_schemas: str) -> None:
    with pytest.raises(QualityError, match="raised AttributeError") as caught:
        land(tmp_path, {"v": [1.0]}).validate(contract={"python": f"{own_schemas}:broken"})
    assert caught.value.code == "QUAL003"


@pytest.mark.parametrize("location", ["no_such_module:x", "json:NoSuchSchema"])
def test_schema_that_cannot_be_imported_is_told(tmp_path: Path, location: str) -> None:
    with pytest.raises(ConfigError, match="cannot be imported"):
        land(tmp_path, {"v": [1]}).validate(contract={"python": location})


def test_bounds_are_read_in_the_columns_type(tmp_path: Path) -> None:
    contract = declare(
        price={"type": "decimal(9, 2)", "checks": {"in_range": [0, "10.50"]}},
        day={"type": "date", "checks": {"ge": "2024-01-02"}, "format": "%d.%m.%Y"},
        seen={"type": "timestamp", "checks": {"lt": "2024-01-02T00:00:00Z"}},
    )
    rows = {
        "price": ["10.50", "10.51", "1", "1"],
        "day": ["02.01.2024", "02.01.2024", "01.01.2024", "02.01.2024"],
        "seen": ["2024-01-01", "2024-01-01", "2024-01-01", "2024-01-02T01:00:00+01:00"],
    }
    done = land(tmp_path, rows).validate(contract=contract)
    assert reasons(done) == {
        1: ["check_failed:price:in_range"],
        2: ["check_failed:day:ge"],
        3: ["check_failed:seen:lt"],
    }
    [row] = good(done).drop_columns(["__position"]).to_pylist()
    assert row["price"] == Decimal("10.50")
    assert (row["day"], row["seen"].date()) == (dt.date(2024, 1, 2), dt.date(2024, 1, 1))


def test_column_that_is_bad_throughout_leaves_an_empty_typed_spool(tmp_path: Path) -> None:
    done = land(tmp_path, {"v": ["x"] * 70_000}).validate(contract=declare(v="int64"))
    assert (done.good_count, done.bad_count) == (0, 70_000)
    assert good(done).schema.field("v").type == pa.int64()


def test_texts_are_cleaned_before_keys_are_judged(tmp_path: Path) -> None:
    done = land(tmp_path, {"id": [" a ", "  ", "\u00a0b"]}).validate(
        primary_keys=["id"],
        normalization={"trim_strings": True, "empty_strings_as_null": True},
    )
    assert good(done).column("id").to_pylist() == ["a", "b"]
    assert reasons(done) == {1: ["null_key:id"]}


def test_columns_are_renamed_and_ordered(tmp_path: Path) -> None:
    done = land(tmp_path, {"B": [1], "A": [2], "C": [3]}).validate(
        schema={"rename_map": {"A": "a"}, "column_order": ["C"]}, primary_keys=["a"]
    )
    assert good(done).column_names == ["C", "B", "a", "__position"]
    assert good(done).to_pylist() == [{"C": 3, "B": 1, "a": 2, "__position": 0}]


def test_layouts_become_plain_and_the_spool_is_typed(tmp_path: Path) -> None:
    table = pa.table(
        {
            "d": pa.array(["x", None]).dictionary_encode(),
            "l": pa.array(["x", "y"], pa.large_string()),
            "n": pa.array([[{"a": "x"}], None], pa.large_list(pa.struct([("a", pa.string())]))),
        }
    )
    done = land(tmp_path, table).validate()
    assert done.schema.types == [
        pa.string(),
        pa.string(),
        pa.list_(pa.struct([("a", pa.string())])),
    ]
    assert good(done).select(["d", "l", "n"]).to_pydict() == table.to_pydict()


def test_extensions_become_the_plain_type_of_their_values(tmp_path: Path) -> None:
    ids = pa.array([b"0123456789abcdef", None], pa.uuid())
    documents = pa.array([None, '{"a": 1}'], pa.json_())
    (tmp_path / "bronze").mkdir()
    pq.write_table(pa.table({"u": ids, "j": documents}), tmp_path / "bronze" / "x.parquet")
    done = Case(tmp_path, (DataFile("x.parquet", 0, "", 2, "data"),)).validate()
    assert done.schema.types == [pa.binary(16), pa.string()]
    assert good(done).column("j").to_pylist() == [None, '{"a": 1}']


@pytest.mark.parametrize(("policy", "bad"), [("discard", {}), ("quarantine", {1: "c"})])
def test_undeclared_field_in_a_struct_follows_the_policy(
    tmp_path: Path, policy: str, bad: dict[int, str]
) -> None:
    rows = pa.table({"c": pa.array([{"a": "1", "b": None}, {"a": "2", "b": 2}])})
    done = land(tmp_path, rows).validate(
        contract=declare(c="struct<a: int64>"), schema_drift=policy
    )
    assert reasons(done) == {row: [f"undeclared_column:{name}"] for row, name in bad.items()}
    assert good(done).column("c")[0].as_py() == {"a": 1}
    assert done.drift.columns("added") == {"c.b"}


def test_absent_column_is_null_and_stays_known(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    first = land(tmp_path / "first", {"a": [1], "b": ["x"]}).validate()
    second = land(tmp_path / "second", {"a": [1]}).validate(first.baseline, model="event_log")
    assert good(second).column("b").to_pylist() == [None]
    assert [change.describe() for change in second.drift.changes] == ["removed b (string)"]
    assert second.baseline == first.baseline
    assert "removed b" in second.warnings[0]


def test_partition_without_rows_is_valid(tmp_path: Path) -> None:
    table = pa.table({"id": pa.array([], pa.int64()), "extra": pa.array([], pa.int8())})
    contract = declare(v={"type": "date", "checks": {"ge": "2024-01-01", "unique": True}})
    done = land(tmp_path, table).validate(contract=contract, primary_keys=["id"], enforce=True)
    assert good(done).num_rows == 0
    assert done.schema.field("v").type == pa.date32()
    assert (done.drift.changes, done.reject_log) == ((), None)
    assert {check.status for check in done.checks} == {"passed"}


def test_csv_alone_is_read_as_text(tmp_path: Path) -> None:
    table = pa.table({"id": ["1", "x", "3", "4"], "t": ['a,"b"\nc', "", None, "d"]})
    case = land(tmp_path, table, write_parquet=False, write_csv=True)
    done = case.validate(contract=declare(id="int64"))
    assert good(done).select(["id", "t"]).to_pydict() == {
        "id": [1, 3, 4],
        "t": ['a,"b"\nc', None, "d"],
    }
    [row] = case.quarantine(done).to_pylist()
    assert (row["id"], row["t"], row["_source_row"]) == ("x", "", 2)


def test_csv_without_rows_is_valid(tmp_path: Path) -> None:
    table = pa.table({"id": pa.array([], pa.string())})
    done = land(tmp_path, table, write_parquet=False, write_csv=True).validate()
    assert (done.row_count, done.schema.names) == (0, ["id"])


def test_quarantine_shows_bronze_rows_with_reasons_and_places(tmp_path: Path) -> None:
    contract = declare(v={"type": "int64", "checks": {"unique": True, "lt": 90}})
    rows = {"ID": [1, None, 3, 4, 5], "v": ["1", "2", "x", "1", "99"]}
    case = land(tmp_path, rows, max_rows_per_file=3)
    done = case.validate(
        contract=contract, primary_keys=["id"], schema={"rename_map": {"ID": "id"}}
    )
    table = case.quarantine(done)
    assert table.column_names[:2] == ["ID", "v"]
    found = [(r["ID"], r["v"], r["_reason"], r["_source_row"]) for r in table.to_pylist()]
    assert found == [
        (1, "1", "not_unique", 1),
        (None, "2", "null_key", 2),
        (3, "x", "wrong_type", 3),
        (4, "1", "not_unique", 1),
        (5, "99", "check_failed", 2),
    ]
    names = ["part-00000.parquet"] * 3 + ["part-00001.parquet"] * 2
    assert table.column("_source_file").to_pylist() == names
    assert table.column("_check").to_pylist() == ["unique", None, "type", "unique", "lt"]
    assert table.column("_column").to_pylist() == ["v", "id", "v", "v", "v"]


def test_quarantine_lists_all_reasons_of_a_row_once(tmp_path: Path) -> None:
    case = land(tmp_path, {"id": [None, 1], "v": ["x", "1"]})
    done = case.validate(contract=declare(v="int64"), primary_keys=["id"])
    [row] = case.quarantine(done).to_pylist()
    assert row["_reasons"] == ["null_key:id", "wrong_type:v:type"]
    assert (row["_reason"], row["_column"]) == ("null_key", "id")


def test_quarantine_reads_only_row_groups_with_bad_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = ["1"] * 300_000
    values[150_000] = values[299_999] = "x"
    case = land(tmp_path, {"v": values})
    done = case.validate(contract=declare(v="int64"))
    groups: list[int] = []
    read = pq.ParquetFile.iter_batches
    monkeypatch.setattr(
        pq.ParquetFile,
        "iter_batches",
        lambda self, *args, **kw: (
            groups.extend(kw.get("row_groups") or []),
            read(self, *args, **kw),
        )[1],
    )
    table = case.quarantine(done)
    assert table.column("_source_row").to_pylist() == [150_001, 300_000]
    assert groups == [1, 2]


def test_bronze_column_with_a_quarantine_name_is_kept_under_another(tmp_path: Path) -> None:
    case = land(tmp_path, {"_reason": ["because"], "id": pa.array([None], pa.int8())})
    done = case.validate(primary_keys=["id"])
    [row] = case.quarantine(done).to_pylist()
    assert (row["_reason_bronze"], row["_reason"]) == ("because", "null_key")


def test_quarantine_is_parquet_alone_and_cut_like_other_artifacts(tmp_path: Path) -> None:
    case = land(tmp_path, {"id": pa.array([None] * 10, pa.int8())})
    done = case.validate(primary_keys=["id"])
    settings = WriteSettings(max_rows_per_file=4, write_csv=True, write_parquet=False)
    assert case.quarantine(done, settings).num_rows == 10
    names = sorted(path.name for path in (tmp_path / "stage" / "_errors").iterdir())
    assert names == [f"part-{number:05d}-1111111111111111.parquet" for number in range(3)]


def test_nothing_bad_gives_no_quarantine(tmp_path: Path) -> None:
    case = land(tmp_path, {"id": [1]})
    done = case.validate(primary_keys=["id"], enforce=True)
    assert case.quarantine(done).num_columns == 0
    assert not (tmp_path / "stage").exists()


def test_damaged_file_is_told_by_its_name(tmp_path: Path) -> None:
    case = land(tmp_path, {"id": [1]})
    (tmp_path / "bronze" / case.files[0].path).write_bytes(b"PAR1 damaged PAR1")
    with pytest.raises(ChecksumMismatchError, match=case.files[0].path):
        case.validate()


def test_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    case = land(tmp_path, {"id": [1]}, {"id": ["x"]})
    with pytest.raises(TerminalSourceError, match="other columns") as caught:
        case.validate()
    assert caught.value.code == "EXT003"


def test_row_count_of_the_manifest_must_hold(tmp_path: Path) -> None:
    case = land(tmp_path, {"id": [1, 2]})
    wrong = Case(case.root, (replace(case.files[0], row_count=3),))
    with pytest.raises(ChecksumMismatchError, match="holds 2 rows, its manifest says 3"):
        wrong.validate()


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1", "2", "x", None]),
            st.sampled_from([1, None]),
            st.sampled_from(["I", "U", "D", "?", None]),
            st.sampled_from(["5", "-5", "", "1e99", None]),
        ),
        max_size=40,
    )
)
def test_every_row_is_good_or_rejected(tmp_path_factory: Any, rows: list[tuple[Any, ...]]) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * 4
    kinds = (pa.string(), pa.int64(), pa.string(), pa.string())
    arrays = [pa.array(c, kind) for c, kind in zip(columns, kinds, strict=True)]
    case = land(tmp_path_factory.mktemp("case"), pa.table(arrays, ["id", "at", "op", "v"]))
    checks = {"ge": 0, "unique": True}
    contract = declare(id="int64", v={"type": "int64", "nullable": False, "checks": checks})
    done = case.validate(contract=contract, **CDC)
    check_conservation(done)
    for row in good(done).to_pylist():
        key, order, op, value = rows[row["__position"]]
        assert (row["id"], row["at"], row["__op"]) == (int(key), order, op)
        assert op == "D" or int(value) == row["v"] >= 0
    assert case.quarantine(done).num_rows == done.bad_count
