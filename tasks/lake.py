"""What is in the lake now, read from manifests.

Belongs here: listing a dataset's partitions and their facts. Lives elsewhere: what follows from
them (`medallion.chain`, `medallion.provenance`), hashing (`tasks.verifier`).
"""

import datetime as dt
from pathlib import Path

from medallion.chain import STATEFUL_MODELS, BronzeFacts, Chain, SilverFacts
from medallion.config.logic import logic_digest_input
from medallion.config.models import DatasetConfig
from medallion.errors import ManifestMissingError
from medallion.folds import FOLDS_VERSION
from medallion.manifest import METADATA_NAME, digest, parse_inputs, parse_metadata
from medallion.partition import BronzePartition, SilverPartition, parse_date
from medallion.provenance import PublishedPartition, partition_date
from tasks.local_publisher import read_commit
from tasks.python_contract import digest_module


def bronze_partition(dataset: DatasetConfig, run_date: dt.date) -> BronzePartition:
    """Return the Bronze partition of a dataset at a run date."""
    source = dataset.source
    return BronzePartition(source.system, source.table, source.run.load_pattern, run_date)


def silver_partition(dataset: DatasetConfig, run_date: dt.date) -> SilverPartition:
    """Return the Silver partition of a dataset at a load date.

    Raises:
        ValueError: The dataset has no Silver section.
    """
    if dataset.silver is None:
        raise ValueError(f"{dataset.name} has no silver section")
    silver = dataset.silver
    return SilverPartition(
        silver.domain,
        silver.entity,
        silver.version,
        run_date,
        dataset.source.run.load_pattern if silver.include_pattern_folder else None,
        silver.load_partition_name,
    )


def is_landed(dataset: DatasetConfig, run_date: dt.date) -> bool:
    """Tell whether a run date has a Bronze partition."""
    return (bronze_root(dataset) / bronze_partition(dataset, run_date).path).is_dir()


def bronze_root(dataset: DatasetConfig) -> Path:
    """Return the directory that holds all Bronze partitions."""
    return Path(dataset.platform.bronze.local_path)


def silver_root(dataset: DatasetConfig) -> Path:
    """Return the directory that holds all Silver partitions."""
    return Path(dataset.silver.output_dir) if dataset.silver else Path()


def list_bronze(dataset: DatasetConfig) -> dict[dt.date, PublishedPartition]:
    """Return the dataset's Bronze partitions by date, in order."""
    return _list(bronze_root(dataset) / bronze_partition(dataset, dt.date.min).parent, "dt")


def list_silver(dataset: DatasetConfig) -> dict[dt.date, PublishedPartition]:
    """Return the entity's Silver partitions by date, in order."""
    if dataset.silver is None:
        return {}
    parent = silver_root(dataset) / silver_partition(dataset, dt.date.min).parent
    return _list(parent, dataset.silver.load_partition_name)


def read_partition(path: Path) -> PublishedPartition:
    """Read both manifests of one partition.

    Raises:
        ManifestMissingError: STG001, when nothing is published there.
        ChecksumMismatchError: STG002, when a manifest is damaged.
    """
    checksums = read_commit(path)
    if checksums is None:
        raise ManifestMissingError(
            f"{path} is not published: it has no _checksums.json", path=str(path)
        )
    return PublishedPartition(
        str(path), checksums, parse_metadata((path / METADATA_NAME).read_bytes())
    )


def read_chain(dataset: DatasetConfig) -> Chain:
    """Return what the dataset's Silver partitions were made from and what is there now."""
    return Chain(
        bronze={date: _bronze_facts(one) for date, one in list_bronze(dataset).items()},
        silver={date: silver_facts(one) for date, one in list_silver(dataset).items()},
        logic_digest=silver_logic_digest(dataset),
        is_stateful=is_stateful(dataset),
    )


def silver_logic_digest(dataset: DatasetConfig) -> str:
    """Digest what decides the content of Silver: its section, the fold's version, contract code."""
    python = dataset.silver.contract.python if dataset.silver else None
    code = digest_module(python.partition(":")[0]) if python else None
    logic = {"fold": FOLDS_VERSION, "silver": logic_digest_input(dataset), "code": code}
    return digest(logic)


def is_stateful(dataset: DatasetConfig) -> bool:
    """Tell whether a Silver partition builds on the one before."""
    return dataset.silver is not None and dataset.silver.model in STATEFUL_MODELS


def _list(parent: Path, name: str) -> dict[dt.date, PublishedPartition]:
    prefix = f"{name}="
    found = sorted(path for path in parent.glob(f"{prefix}*") if path.is_dir())
    return {parse_date(path.name.removeprefix(prefix)): read_partition(path) for path in found}


def _bronze_facts(one: PublishedPartition) -> BronzeFacts:
    return BronzeFacts(one.checksums.content_digest, one.checksums.stats["row_count"])


def silver_facts(one: PublishedPartition) -> SilverFacts:
    """Return what a Silver partition holds and what it was made from."""
    inputs = {entry.layer: entry for entry in parse_inputs(one.metadata)}
    base = inputs.get("silver")
    return SilverFacts(
        content_digest=one.checksums.content_digest,
        logic_digest=one.checksums.logic_digest,
        bronze_digest=inputs["bronze"].content_digest,
        base_date=parse_date(partition_date(base.partition)) if base else None,
        base_digest=base.content_digest if base else None,
        first_date=first_date(parse_date(partition_date(one.checksums.partition)), one),
    )


def first_date(date: dt.date, one: PublishedPartition | None) -> dt.date:
    """Return the date of the first Bronze partition in a Silver partition's fold; else `date`."""
    told = one.checksums.stats.get("state", {}).get("first_date") if one else None
    return parse_date(told) if told else date


def dataset_trees(dataset: DatasetConfig) -> list[Path]:
    """Return the directories that hold all partitions of a dataset, those that exist."""
    trees = [bronze_root(dataset) / bronze_partition(dataset, dt.date.min).parent]
    if dataset.silver is not None:
        trees.append(silver_root(dataset) / silver_partition(dataset, dt.date.min).parent)
    return [tree for tree in trees if tree.is_dir()]
