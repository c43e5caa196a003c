"""The published JSON Schemas of the manifests, as `medallion schema manifest` prints them.

Belongs here: the schemas, as data. Minor versions may add keys, so unknown keys are allowed.
Lives elsewhere: the checks that a schema cannot express (`manifest`, `tasks.verifier`).
"""

from typing import Any

JsonSchema = dict[str, Any]


def _object(required: str, /, **known: JsonSchema) -> JsonSchema:
    """An object: the names of its required keys, and the schemas of the keys that have one."""
    names = required.split()
    return {"type": "object", "required": names, "properties": {**{n: {} for n in names}, **known}}


def _nullable(schema: JsonSchema) -> JsonSchema:
    return {"oneOf": [{"type": "null"}, schema]}


def _told(schema: JsonSchema, description: str) -> JsonSchema:
    return {**schema, "description": description}


_TEXT: JsonSchema = {"type": "string"}
_COUNT: JsonSchema = {"type": "integer", "minimum": 0}
_SHA256: JsonSchema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_DIGEST: JsonSchema = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_COMMIT: JsonSchema = {"type": "string", "pattern": "^[0-9a-f]{16}$"}
_INSTANT: JsonSchema = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
}
_LAYER: JsonSchema = {"enum": ["bronze", "silver"]}
_PATH: JsonSchema = {
    "type": "string",
    "pattern": r"^(?!(.*/)?\.{0,2}(/|$))[^\\:\u0000-\u001f\u007f]+$",
}
_PARTITION: JsonSchema = {
    "type": "object",
    "description": "The keys of the path, e.g. system, table, pattern, dt.",
    "minProperties": 1,
    "additionalProperties": _TEXT,
}
_COLUMN = _object(
    "name type nullable",
    name=_TEXT,
    type=_told(_TEXT, "As contracts write it: `timestamp[us, tz=UTC]`."),
    nullable={"type": "boolean"},
)
_COLUMNS: JsonSchema = {"type": "array", "items": _COLUMN}
_IDENTITY: JsonSchema = {
    "format_version": _told(
        {"type": "string", "pattern": r"^1\.[0-9]+$"}, "Readers refuse another major version."
    ),
    "layer": _LAYER,
    "dataset": _told(_TEXT, "`bronze_<system>.<table>` or `silver_<domain>.<entity>`."),
    "partition": _PARTITION,
    "commit_id": _told(_COMMIT, "Names this generation; its data files carry it."),
}
_FILE = _object(
    "path size_bytes sha256 row_count artifact",
    path=_told(_PATH, "Relative to the partition."),
    size_bytes=_COUNT,
    sha256=_SHA256,
    row_count=_told(_nullable(_COUNT), "Null where rows are not counted."),
    artifact=_told(_TEXT, "What the file is a part of: `data`, `current`, `quarantine`, …"),
)
_BRONZE_LAW = _object("read written", read=_COUNT, written=_COUNT)
_ACCOUNT = {
    "read": "Were read; the sum of all other terms.",
    "applied": "Changed what Silver holds.",
    "superseded": "Lost to a later row about the same key.",
    "unchanged": "Are the latest about their key, and say what Silver holds already.",
    "deduplicated": "Equal another row in every column.",
    "quarantined": "Were rejected, and are in `_errors/` with their reasons.",
    "discarded": "Have no effect by configuration: deletes under `deletes: ignore`.",
}
_SILVER_LAW: JsonSchema = {
    "type": "object",
    "description": "One account per Bronze run date read: read is the sum of the other terms.",
    "propertyNames": {"format": "date", "pattern": r"^\d{4}-\d\d-\d\d$"},
    "additionalProperties": _object(
        " ".join(_ACCOUNT), **{term: _told(_COUNT, told) for term, told in _ACCOUNT.items()}
    ),
}
_STATS = _object(
    "artifact row_count rows_by_artifact file_count size_bytes law",
    artifact=_told(_TEXT, "What `row_count` and `schema` are about."),
    row_count=_COUNT,
    rows_by_artifact={"type": "object", "additionalProperties": _COUNT},
    file_count=_told(_COUNT, "Data files of all artifacts."),
    size_bytes=_told(_COUNT, "Bytes of the data files of all artifacts."),
    law=_told({"type": "object"}, "What became of every row that was read."),
    non_null=_told(
        {"type": "object", "additionalProperties": _COUNT}, "Bronze: values of each column."
    ),
    state=_told({"type": "object"}, "Silver: rows before and after, first date of the fold."),
)
_INPUT = _object(
    "layer dataset partition content_digest row_count",
    layer=_LAYER,
    dataset=_TEXT,
    partition=_PARTITION,
    content_digest=_told(_DIGEST, "What the input held when it was read."),
    row_count=_COUNT,
)
_RUN: JsonSchema = {
    **_object(
        "run_id started_at finished_at",
        run_id=_TEXT,
        flow_run_id=_told(_nullable(_TEXT), "In Prefect; null outside a flow run."),
        attempt={"type": "integer", "minimum": 1},
        started_at=_INSTANT,
        finished_at=_INSTANT,
        trigger=_told(_TEXT, "`deployment` or `ad-hoc`."),
    ),
    "description": "All that differs between two runs of the same inputs.",
}
_SOURCE = _object(
    "kind",
    kind={"enum": ["api", "db", "file", "custom"]},
    uri=_told(_nullable(_TEXT), "As configured, without user and password."),
    files=_told({"type": "array"}, "Names and sizes of the files read."),
    watermark={"description": "The window (from, to] of the cursor column; null without one."},
)

CHECKSUMS_SCHEMA: JsonSchema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "urn:medallion:checksums:1",
    "title": "_checksums.json: what a partition holds, and its commit record",
    **_object(
        "parent_commit_id files schema schema_fingerprint stats content_digest logic_digest "
        "atomic_glob manifest_digest " + " ".join(_IDENTITY),
        **_IDENTITY,
        parent_commit_id=_told(_nullable(_COMMIT), "The generation that this one replaced."),
        files={
            "type": "array",
            "items": _FILE,
            "contains": {"properties": {"path": {"const": "_metadata.json"}}},
            "description": "Sorted by path: all files of the partition but this one.",
        },
        schema=_told(_COLUMNS, "Columns of the artifact that `stats` names."),
        schema_fingerprint=_told(_DIGEST, "Over `schema`."),
        stats=_STATS,
        content_digest=_told(_DIGEST, "Equal for equal data, whatever the commit."),
        logic_digest=_told(
            _TEXT, "Equal for equal logic: the part of the configuration that decides the data."
        ),
        atomic_glob={
            "type": "boolean",
            "description": "Whether plain globs never saw two generations at once.",
        },
        manifest_digest=_told(_DIGEST, "Over all other keys, as canonical JSON."),
    ),
    "if": {"properties": {"layer": {"const": "bronze"}}},
    "then": {"properties": {"stats": {"properties": {"law": _BRONZE_LAW}}}},
    "else": {"properties": {"stats": {"properties": {"law": _SILVER_LAW}}}},
}

METADATA_SCHEMA: JsonSchema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "urn:medallion:metadata:1",
    "title": "_metadata.json: who made a partition, why and how",
    **_object(
        "run producer config source inputs schema quality write " + " ".join(_IDENTITY),
        **_IDENTITY,
        run=_RUN,
        producer={
            "type": "object",
            "description": "Versions of what made the files.",
            "additionalProperties": _TEXT,
        },
        config={
            **_object("name sha256", name=_TEXT, sha256=_SHA256),
            "description": "The sha256 is that of the configuration before references resolve.",
        },
        source=_nullable(_SOURCE),
        inputs=_told(
            {"type": "array", "items": _INPUT},
            "Silver: the Bronze partition, and the Silver partition that it was folded onto.",
        ),
        schema=_object(
            "observed drift",
            observed=_told(
                _COLUMNS, "Silver: the source's columns, as the next run compares them."
            ),
            drift={"description": "Silver: the policy and the changes."},
        ),
        quality=_told(
            {"type": "object"}, "Silver: checks, rejects by reason, thresholds, warnings."
        ),
        write=_told({"type": "object"}, "How the files were written."),
    ),
}
