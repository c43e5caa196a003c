"""Values and combinations that would lose or mix up data are refused at the key to change."""

from typing import Any

import pytest

from medallion.errors import ConfigError
from tests.unit.config_examples import example, problems_of, read

SCD2 = {"silver.model": "scd_type_2", "silver.primary_keys": ["id"]}
CDC = {"source.run.load_pattern": "cdc"}

NAMES = [
    *("", " ", ".", "..", "../x", "a/b", "/etc", "a\\b", "C:", "C:\\x", "%2e%2e", "a%2fb", "~"),
    *("a b", " a", "a ", "a\n", "a\nb", "\ta", "a\r", "a.b", "a=b", "a*", "a?", "${X}", "{x}"),
    *("．．／", "ａ", "é", "a\u0301", "a\u200b", "\u202ea", "١", "a\u00a0"),  # noqa: RUF001
    *("con", "CON", "nul", "NUL", "prn", "aux", "com1", "LPT9", "-a", "_a", "a" * 64),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "key",
    [
        "source.system",
        "source.table",
        "silver.domain",
        "silver.entity",
        "silver.load_partition_name",
    ],
)
def test_name_that_could_leave_its_folder_is_refused(key: str, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(example({key: name}))
    assert problems_of(caught.value) == [("CFG007", key)]


@pytest.mark.parametrize("key", ["source.system", "source.table", "silver.domain"])
def test_name_that_holds_a_nul_is_refused(key: str) -> None:
    with pytest.raises(ConfigError, match="NUL"):
        read(example({key: "a\0"}))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"silver.model": "scd_type_1"}, "silver.primary_keys"),
        ({"silver.model": "scd_type_2"}, "silver.primary_keys"),
        ({"silver.model": "full_merge_dedupe"}, "silver.primary_keys"),
        (SCD2 | CDC, "silver.order_column"),
        (SCD2 | {"source.run.load_pattern": "current_history"}, "silver.order_column"),
        ({"silver.cdc.op_column": "op"}, "silver.cdc.op_column"),
        ({"silver.cdc": {"insert": ["I"], "update": ["I"]}}, "silver.cdc.update"),
        ({"silver.cdc.insert": ["I", "D"]}, "silver.cdc.delete"),
        ({"silver.deletes": "tombstone"}, "silver.deletes"),
        (CDC | {"silver.deletes": "erase"}, "silver.deletes"),
        ({"silver.write_parquet": False}, "silver.write_parquet"),
        ({"source.run.write_parquet": False}, "source.run.write_parquet"),
        ({"source.run.write_csv": True}, "source.run.write_csv"),
        (
            {"platform.bronze.output_defaults.allow_parquet": False},
            "source.run.write_parquet",
        ),
        ({"silver.primary_keys": ["a", "b", "a"]}, "silver.primary_keys"),
        ({"silver.partitioning.columns": ["a", "a"]}, "silver.partitioning.columns"),
        ({"silver.schema.rename_map": {"a": "x", "b": "x"}}, "silver.schema.rename_map"),
        ({"silver.schema.column_order": ["a", "a"]}, "silver.schema.column_order"),
        ({"source.file.has_header": False}, "source.file.fieldnames"),
        ({"source.file.fieldnames": ["a", "a"]}, "source.file.fieldnames"),
        ({"source.file.quote_char": ","}, "source.file.quote_char"),
        ({"source.file.path": "in/${FILE}"}, "source.file"),
        ({"source.type": "api"}, "source.type"),
        ({"source.type": "db", "source.db": {}, "source.file": None}, "source.type"),
        ({"platform.bronze.storage_backend": "s3"}, "platform.bronze.storage_backend"),
        (
            {"platform.bronze.partitioning.use_dt_partition": False},
            "platform.bronze.partitioning.use_dt_partition",
        ),
        (
            {"platform.bronze.partitioning.partition_strategy": "hourly"},
            "platform.bronze.partitioning.partition_strategy",
        ),
    ],
)
def test_contradiction_is_refused_at_the_key_to_change(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(example(changes))
    assert problems_of(caught.value) == [("CFG004", key)]


def test_default_model_is_not_judged_without_its_source() -> None:
    with pytest.raises(ConfigError) as caught:
        read(example({"source.run.load_pattern": "cdcc", "silver.deletes": "tombstone"}))
    assert problems_of(caught.value) == [("CFG003", "source.run.load_pattern")]


@pytest.mark.parametrize(
    "changes",
    [
        SCD2,
        SCD2 | CDC | {"silver.order_column": "ts", "silver.deletes": "erase"},
        {"silver.model": "scd_type_1", "silver.primary_keys": ["id"], **CDC},
        {"silver.model": "full_merge_dedupe", "silver.primary_keys": ["id"]},
        {"silver.model": "event_log"},
        CDC | {"silver.model": "incremental_merge", "silver.cdc.op_column": "op"},
        {"silver.deletes": "ignore"},
        {"silver.write_parquet": False, "silver.write_csv": True},
        {
            "platform.bronze.output_defaults.allow_csv": True,
            "source.run.write_csv": True,
            "source.run.write_parquet": False,
        },
        {"silver.contract": {"columns": {"a": {"type": "int64"}}, "python": "m:S"}},
        {"source.file": {"path": "x", "has_header": False, "fieldnames": ["a"]}},
        {"source.file": {"path": "in/${FILE}", "format": "csv"}},
        {"source.file": {"path": "${DIR:-in/{run_date}}/x.csv", "quote_char": None}},
        {"silver.normalization": None, "source.run": None, "platform": None},
    ],
)
def test_good_combination_is_accepted(changes: dict[str, Any]) -> None:
    assert read(example(changes)).name == "crm.orders"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("source.timezone", "Mars/Base", "must be an IANA time zone"),
        ("source.timezone", "../../etc/passwd", "must be an IANA time zone"),
        ("source.timezone", "America", "must be an IANA time zone"),
        ("source.config_name", "a\nb", "must be printable text on one line"),
        ("source.type", "fil", "must be 'file'"),
        ("source.file.path", "", "must not be empty"),
        ("source.file.path", "{run_date:%Q}.csv", "the date form '%Q' is unknown"),
        ("source.file.encoding", "utf-99", "must be a text encoding"),
        ("source.file.encoding", "base64", "must be a text encoding"),
        ("source.file.delimiter", "||", "must be one character"),
        ("source.file.format", "xml", "must be 'csv', 'tsv', 'json', 'jsonl' or 'parquet'"),
        ("source.file.limit_rows", 0, "must be greater than or equal to 1"),
        ("source.file.null_values", [0], "must be text; put numbers, dates and the like in quotes"),
        ("source.run.max_file_size_mb", 0, "must be greater than 0"),
        ("source.run.max_file_size_mb", True, "must be a number"),
        ("source.run.max_rows_per_file", 1.5, "must be a whole number"),
        ("source.run.parallel_workers", True, "must be a whole number"),
        ("source.run.load_pattern", "delta", "must be 'full', 'cdc' or 'current_history'"),
        ("source.run.write_csv", "yes", "must be true or false"),
        ("silver.version", 0, "must be greater than or equal to 1"),
        ("silver.max_delete_percent", 101, "must be less than or equal to 100"),
        ("silver.error_handling", {"max_bad_percent": -1}, "must be greater than or equal to 0"),
        ("silver.primary_keys", "id", "must be a list"),
        ("silver.primary_keys", [""], "must not be empty"),
        ("silver.contract.python", "module", "must be written module:Schema"),
        ("silver.contract.columns", {"a": {}}, "silver.contract.columns.a.type: is needed"),
        ("silver.contract.columns", ["a"], "must be a section with keys"),
        ("silver.output_dir", "lake/{run_date}", "is the same for every run date"),
        ("silver", "on", "must be a section with keys"),
    ],
)
def test_wrong_value_is_told_in_words(key: str, value: object, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(example({key: value}))
    assert message in str(caught.value)
    assert len(problems_of(caught.value)) == 1


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.csv", ("csv", ",")),
        ("a.TSV.gz", ("tsv", "\t")),
        ("a.jsonl.zst", ("jsonl", ",")),
        ("in/*.ndjson.zstd", ("jsonl", ",")),
        ("in/{run_date:%Y.%m}/a.json", ("json", ",")),
        ("a.parquet", ("parquet", ",")),
        ("a.dat", ("csv", ",")),
        ("a", ("csv", ",")),
    ],
)
def test_format_follows_the_suffix(path: str, expected: tuple[str, str]) -> None:
    file = read(example({"source.file.path": path})).source.file
    assert (file.format, file.delimiter) == expected


@pytest.mark.parametrize(
    ("pattern", "model"),
    [
        ("full", "periodic_snapshot"),
        ("cdc", "incremental_merge"),
        ("current_history", "scd_type_2"),
    ],
)
def test_model_follows_the_load_pattern(pattern: str, model: str) -> None:
    keyed = {"silver.primary_keys": ["id"], "silver.order_column": "ts"}
    silver = read(example({"source.run.load_pattern": pattern, **keyed})).silver
    assert silver is not None
    assert (silver.model, silver.domain, silver.entity) == (model, "crm", "orders")


def test_compression_follows_the_platform() -> None:
    changes = {"platform.bronze.output_defaults.parquet_compression": "snappy"}
    assert read(example(changes)).source.run.parquet_compression == "snappy"
    changes["source.run.parquet_compression"] = "gzip"
    assert read(example(changes)).source.run.parquet_compression == "gzip"


def test_dataset_without_silver_ends_in_bronze() -> None:
    assert read(example({"silver": None})).silver is None


def test_sections_cannot_be_changed() -> None:
    source = read(example()).source
    with pytest.raises(ValueError, match="frozen"):
        source.system = "erp"  # type: ignore[misc]
