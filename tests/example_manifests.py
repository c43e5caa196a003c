"""Manifests as tests need them: valid by default, and different where a test says so.

Belongs here: values only. Lives elsewhere: partitions with real files (`tests.integration`).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from medallion.manifest import (
    LAW_TERMS,
    Checksums,
    ColumnSchema,
    DataFile,
    Generation,
    InputPartition,
    build_checksums,
    build_metadata,
    describe_metadata,
    metadata_bytes,
)

COMMIT = "00000000000000c1"
SCHEMA = (ColumnSchema("order_id", "int64", False), ColumnSchema("größe", "string", True))
LOGIC = "sha256:" + "1" * 64
RUN = {
    "run_id": "r1",
    "flow_run_id": None,
    "attempt": 1,
    "started_at": "2026-01-03T04:00:00+00:00",
    "finished_at": "2026-01-03T04:00:05+00:00",
    "trigger": "manual",
}


def bronze_generation(date: str = "2026-01-01", commit_id: str = COMMIT) -> Generation:
    """A generation of the Bronze partition of a date."""
    keys = {"system": "crm", "table": "orders", "pattern": "cdc", "dt": date}
    return Generation("bronze", "bronze_crm.orders", keys, commit_id, None, True)


def silver_generation(date: str = "2026-01-01", commit_id: str = COMMIT) -> Generation:
    """A generation of the Silver partition of a date."""
    keys = {"domain": "sales", "entity": "orders", "version": "1", "load_date": date}
    return Generation("silver", "silver_sales.orders", keys, commit_id, None, True)


def data_file(
    number: int = 0, rows: int = 5, artifact: str = "data", folder: str = "", seed: str = "a"
) -> DataFile:
    """A data file that nobody wrote."""
    name = f"{folder}part-{number:05d}-{COMMIT}.parquet"
    return DataFile(name, 100 + rows, seed * 64, rows, artifact)


def metadata_of(
    generation: Generation,
    inputs: Iterable[InputPartition] = (),
    run: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The metadata of a generation."""
    return build_metadata(
        generation,
        run=run or RUN,
        producer={"medallion": "0.1.0", "pyarrow": "26.0.1"},
        config={"name": "crm.orders", "sha256": "2" * 64},
        source={"kind": "db", "uri": "postgresql://db/crm", "files": [], "watermark": None},
        inputs=tuple(inputs),
    )


def checksums_of(
    generation: Generation,
    files: Iterable[DataFile] = (data_file(),),
    inputs: Iterable[InputPartition] = (),
) -> Checksums:
    """The commit record of a generation; its law says that all went well."""
    files, inputs = tuple(files), tuple(inputs)
    law: dict[str, Any] = {}
    if generation.layer == "bronze":
        law = dict.fromkeys(("read", "written"), sum(file.row_count or 0 for file in files))
    for one in inputs:
        if one.layer == "bronze":
            counts = dict.fromkeys(LAW_TERMS, 0)
            law[one.partition["dt"]] = {**counts, "read": one.row_count, "applied": one.row_count}
    metadata = describe_metadata(metadata_bytes(metadata_of(generation, inputs)))
    return build_checksums(
        generation,
        (*files, metadata),
        SCHEMA,
        artifact=files[0].artifact,
        stats={"law": law},
        logic_digest=LOGIC,
    )


def document_of(checksums: Checksums) -> dict[str, Any]:
    """The commit record as JSON values, to be edited."""
    document: dict[str, Any] = json.loads(checksums.to_bytes())
    return document
