"""Rules between keys: combinations that could only lose or mix up data.

Belongs here: one function per rule, each yielding the key to change and why.
Lives elsewhere: rules about one value (`fields` and the sections).
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from medallion.config.models import DatasetConfig
from medallion.config.platform import Platform
from medallion.config.problems import KeyPath
from medallion.config.silver import Silver
from medallion.config.source import Source

Contradiction = tuple[KeyPath, str]


def find_contradictions(
    platform: Platform | None, source: Source | None, silver: Silver | None
) -> Iterator[Contradiction]:
    """Yield every contradiction among the sections that could be read."""
    if source is not None:
        yield from _check_file(source)
        yield from _check_formats("source.run", source.run.write_parquet, source.run.write_csv)
    if platform is not None and source is not None:
        yield from _check_allowed_formats(platform, source)
    if silver is not None:
        yield from _check_formats("silver", silver.write_parquet, silver.write_csv)
        yield from _check_operations(silver)
    # Without its source, a Silver section's default model is not known.
    if silver is not None and (source is not None or "model" in silver.model_fields_set):
        yield from _check_keys(silver)
        yield from _check_deletes(silver)
        yield from _check_state(silver)
    if source is not None and silver is not None:
        yield from _check_load_pattern(source, silver)


def find_collisions(datasets: Sequence[DatasetConfig]) -> Iterator[tuple[int, str]]:
    """Yield the datasets, by index, that share a name or would publish into an earlier one."""
    seen: dict[tuple[object, ...], str] = {}
    for at, dataset in enumerate(datasets):
        for identity in _identities(dataset):
            if identity in seen:
                yield at, f"has the same {identity[0]} as {seen[identity]}"
            seen.setdefault(identity, dataset.name)


def _identities(dataset: DatasetConfig) -> Iterator[tuple[object, ...]]:
    source, silver, pattern = dataset.source, dataset.silver, dataset.source.run.load_pattern
    yield "name", dataset.name
    root = dataset.platform.bronze.local_path
    yield "system, table and load pattern", root, source.system, source.table, pattern
    if silver is not None:
        folder = pattern if silver.include_pattern_folder else None
        entity = silver.domain, silver.entity, silver.version, folder
        yield "domain, entity and version", silver.output_dir, *entity


def _check_file(source: Source) -> Iterator[Contradiction]:
    file = source.file
    if not file.has_header and not file.fieldnames:
        yield ("source", "file", "fieldnames"), "is needed where has_header is false"
    if file.delimiter == file.quote_char:
        yield ("source", "file", "quote_char"), "is the same character as delimiter"


def _check_formats(section: str, parquet: bool, csv: bool) -> Iterator[Contradiction]:
    if not parquet and not csv:
        path = (*section.split("."), "write_parquet")
        yield path, "write_parquet and write_csv are both false: nothing would be written"


def _check_allowed_formats(platform: Platform, source: Source) -> Iterator[Contradiction]:
    allowed = platform.bronze.output_defaults
    if source.run.write_csv and not allowed.allow_csv:
        yield (
            ("source", "run", "write_csv"),
            "the platform does not allow CSV: set platform.bronze.output_defaults.allow_csv",
        )
    if source.run.write_parquet and not allowed.allow_parquet:
        yield (
            ("source", "run", "write_parquet"),
            "the platform does not allow Parquet: set it to false, or "
            "platform.bronze.output_defaults.allow_parquet to true",
        )


def _check_keys(silver: Silver) -> Iterator[Contradiction]:
    keyed = ("scd_type_1", "scd_type_2", "full_merge_dedupe")
    if silver.model in keyed and not silver.primary_keys:
        yield ("silver", "primary_keys"), f"model {silver.model} needs at least one key"


def _check_deletes(silver: Silver) -> Iterator[Contradiction]:
    keeps_state = silver.model in ("scd_type_1", "scd_type_2")
    if silver.deletes in ("tombstone", "erase") and not keeps_state:
        yield (
            ("silver", "deletes"),
            f"{silver.deletes} works in scd_type_1 and scd_type_2, not in {silver.model}",
        )


def _check_state(silver: Silver) -> Iterator[Contradiction]:
    if silver.model in ("scd_type_1", "scd_type_2") and not silver.write_parquet:
        yield (
            ("silver", "write_parquet"),
            f"model {silver.model} builds on its previous partition, and reads Parquet only: set "
            "it to true; write_csv makes copies",
        )


def _check_operations(silver: Silver) -> Iterator[Contradiction]:
    meanings = {name: set(getattr(silver.cdc, name)) for name in ("insert", "update", "delete")}
    for first, second in combinations(meanings, 2):
        both = sorted(meanings[first] & meanings[second])
        if both:
            yield ("silver", "cdc", second), f"{', '.join(both)} already means {first}"


def _check_load_pattern(source: Source, silver: Silver) -> Iterator[Contradiction]:
    pattern = source.run.load_pattern
    if silver.model == "scd_type_2" and pattern != "full" and silver.order_column is None:
        yield (
            ("silver", "order_column"),
            f"model scd_type_2 needs it for a {pattern} load, to know which row is later",
        )
    if silver.cdc.op_column is not None and pattern == "full":
        yield (
            ("silver", "cdc", "op_column"),
            "a full load has no operations: remove it, or set source.run.load_pattern to cdc",
        )
