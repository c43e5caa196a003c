"""The `silver` section: what Bronze becomes.

Belongs here: keys of the domain team about promotion. Lives elsewhere: the contract's columns
(`contract`), rules between keys (`contradictions`), what the models mean (the folds).
"""

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from medallion.config.contract import Contract
from medallion.config.fields import (
    Compression,
    PathName,
    Percent,
    PositiveInt,
    RootPath,
    Section,
    Text,
    UniqueTexts,
    derived,
    field_error,
)
from medallion.partition import LoadPattern

SilverModel = Literal[
    "scd_type_1",
    "scd_type_2",
    "incremental_merge",
    "full_merge_dedupe",
    "periodic_snapshot",
    "event_log",
]
SILVER_MODELS: tuple[SilverModel, ...] = get_args(SilverModel)
DEFAULT_MODELS: Mapping[LoadPattern, SilverModel] = {
    "full": "periodic_snapshot",
    "cdc": "incremental_merge",
    "current_history": "scd_type_2",
}


def _one_source_per_target(renames: dict[str, str]) -> dict[str, str]:
    targets = list(renames.values())
    twice = sorted({target for target in targets if targets.count(target) > 1})
    if twice:
        raise field_error("CFG004", f"renames two columns to {', '.join(twice)}")
    return renames


class CdcOperations(Section):
    """How change rows say what happened."""

    op_column: Text | None = Field(
        None, description="Column with the operation; without one every row is an upsert."
    )
    insert: UniqueTexts = Field(("I",), description="Values that mean insert.")
    update: UniqueTexts = Field(("U",), description="Values that mean update.")
    delete: UniqueTexts = Field(("D",), description="Values that mean delete.")


class Normalization(Section):
    """Cleaning of text values, before keys are compared."""

    trim_strings: bool = Field(False, description="Whether to strip white space around texts.")
    empty_strings_as_null: bool = Field(False, description="Whether an empty text becomes null.")


class SilverSchema(Section):
    """Names and order of the columns."""

    rename_map: Annotated[dict[str, Text], AfterValidator(_one_source_per_target)] = Field(
        {}, description="New names by Bronze name; all other keys use the new names."
    )
    column_order: UniqueTexts | None = Field(
        None, description="Columns that come first, in this order; the others follow."
    )


class ErrorHandling(Section):
    """How many bad rows a dataset may have."""

    enabled: bool = Field(False, description="Whether any bad row is tolerated at all.")
    max_bad_records: int = Field(0, ge=0, description="Bad rows that are always tolerated.")
    max_bad_percent: Percent = Field(0.0, description="Share of bad rows that is tolerated.")
    mode: Literal["fail_close", "fail_open"] = Field(
        "fail_close", description="fail_open lets a run pass whatever the number of bad rows."
    )


class SilverPartitioning(Section):
    """Directories inside an artifact."""

    columns: UniqueTexts = Field((), description="Columns whose values become directories.")


class Silver(Section):
    """One entity, promoted from Bronze."""

    output_dir: RootPath = Field("./lake/silver", description="Silver root.")
    domain: PathName = derived("", description="Business domain; by default the system.")
    entity: PathName = derived("", description="Entity; by default the table.")
    version: PositiveInt = Field(1, description="Version of the entity's meaning: `v1`.")
    load_partition_name: PathName = Field(
        "load_date", description="Name of the directory that holds one load date."
    )
    include_pattern_folder: bool = Field(
        False, description="Whether the path also names the load pattern."
    )
    model: SilverModel = derived(
        "periodic_snapshot",
        description="What Silver holds; by default periodic_snapshot for full, incremental_merge "
        "for cdc and scd_type_2 for current_history loads.",
    )
    primary_keys: UniqueTexts = Field((), description="Columns that identify an entity.")
    order_column: Text | None = Field(
        None, description="Column that decides which of two rows about an entity is later."
    )
    cdc: CdcOperations = Field(
        default_factory=CdcOperations, description="How change rows say what happened."
    )
    deletes: Literal["ignore", "hard", "tombstone", "erase"] = Field(
        "hard", description="What a delete does to the entity's rows."
    )
    max_delete_percent: Percent = Field(
        50.0, description="Share of keys that a full snapshot may delete before the run fails."
    )
    tracked_columns: UniqueTexts | None = Field(
        None, description="Columns that open a new version; by default all but keys, order and op."
    )
    require_checksum: bool = Field(
        True, description="Whether Bronze files are verified before they are read."
    )
    normalization: Normalization = Field(
        default_factory=Normalization, description="Cleaning of text values."
    )
    column_schema: SilverSchema = Field(
        default_factory=SilverSchema, alias="schema", description="Names and order of the columns."
    )
    contract: Contract = Field(default_factory=Contract, description="Declared columns and checks.")
    schema_drift: Literal["evolve", "warn", "fail", "discard", "quarantine"] = Field(
        "warn", description="What happens when the source's columns change."
    )
    error_handling: ErrorHandling = Field(
        default_factory=ErrorHandling, description="Tolerance for bad rows."
    )
    partitioning: SilverPartitioning = Field(
        default_factory=SilverPartitioning, description="Directories inside an artifact."
    )
    write_parquet: bool = Field(True, description="Whether to write Parquet.")
    write_csv: bool = Field(False, description="Whether to write CSV copies beside Parquet.")
    parquet_compression: Compression = Field("zstd", description="Parquet compression.")
    max_rows_per_file: PositiveInt = Field(1_000_000, description="Rows after which a file ends.")
    buckets: PositiveInt = Field(
        1,
        description="Parts by key that an scd fold is cut into, to run side by side or in less "
        "memory; the bytes stay the same.",
    )
    memory_limit_mb: PositiveInt = Field(512, description="Memory of the engine, in MiB.")
