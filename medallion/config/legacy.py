"""Keys of the older command-line system, moved to where they live now.

Belongs here: old key or value → new one, remembering what the operator wrote.
Lives elsewhere: today's keys (`platform`, `source`, `silver`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from medallion.config.nesting import copy_sections, get_at, pop_at, put_at
from medallion.config.problems import KeyPath, dotted

_BRONZE: KeyPath = ("platform", "bronze")
_RENAMED: tuple[tuple[KeyPath, KeyPath], ...] = (
    (("source", "run", "local_output_dir"), (*_BRONZE, "local_path")),
    (
        (*_BRONZE, "output_defaults", "default_parquet_compression"),
        (*_BRONZE, "output_defaults", "parquet_compression"),
    ),
    (("silver", "partitioning", "column"), ("silver", "partitioning", "columns")),
    (("silver", "model_profile"), ("silver", "model")),
)
_MODELS = {
    "scd1": "scd_type_1",
    "scd2": "scd_type_2",
    "incremental": "incremental_merge",
    "full_merge": "full_merge_dedupe",
    "periodic": "periodic_snapshot",
    "analytics": "scd_type_2",
    "operational": "scd_type_1",
    "merge_ready": "full_merge_dedupe",
    "cdc_delta": "incremental_merge",
    "snapshot": "periodic_snapshot",
}
_SWITCHES: tuple[KeyPath, ...] = (
    ("source", "run", "storage_enabled"),
    ("source", "run", "s3_enabled"),
)


@dataclass
class Migration:
    """A dataset's data under today's keys.

    Attributes:
        data: Nested mappings; a copy that may be changed.
        origins: Where the operator wrote the value of a moved key.
        refused: Old keys that cannot be moved: code, key and message.
    """

    data: dict[str, Any]
    origins: dict[KeyPath, KeyPath] = field(default_factory=dict)
    refused: list[tuple[str, KeyPath, str]] = field(default_factory=list)


def move_legacy_keys(data: dict[str, Any]) -> Migration:
    """Return the data under today's keys; what cannot be moved is refused, not lost."""
    migration = Migration(copy_sections(data))
    for switch in _SWITCHES:
        _apply_switch(migration, switch)
    for old, new in _RENAMED:
        _move(migration, old, new, _VALUES.get(old, _same))
    model = get_at(migration.data, ("silver", "model"))
    if isinstance(model, str) and model in _MODELS:
        put_at(migration.data, ("silver", "model"), _MODELS[model])
    return migration


def _apply_switch(migration: Migration, switch: KeyPath) -> None:
    """Translate a switch that is off to local storage, and one that is on to S3 by default."""
    if (value := pop_at(migration.data, switch)) is None:
        return
    backend: KeyPath = (*_BRONZE, "storage_backend")
    if not isinstance(value, bool):
        migration.refused.append(("CFG003", switch, "must be true or false"))
    elif not value:
        put_at(migration.data, backend, "local")
        migration.origins[backend] = switch
    elif get_at(migration.data, backend) is None:
        put_at(migration.data, backend, "s3")
        migration.origins[backend] = switch


def _move(
    migration: Migration, old: KeyPath, new: KeyPath, convert: Callable[[object], object]
) -> None:
    if (value := pop_at(migration.data, old)) is None:
        return
    present = get_at(migration.data, new)
    if present is None:
        put_at(migration.data, new, convert(value))
        migration.origins[new] = old
    elif present != convert(value):
        message = f"says the same as {dotted(new)}, which holds another value; keep {dotted(new)}"
        migration.refused.append(("CFG004", old, message))


def _same(value: object) -> object:
    return value


def _as_list(value: object) -> object:
    return [value]


def _as_model(value: object) -> object:
    return _MODELS.get(value, value) if isinstance(value, str) else value


_VALUES: dict[KeyPath, Callable[[object], object]] = {
    ("silver", "partitioning", "column"): _as_list,
    ("silver", "model_profile"): _as_model,
}
