"""Build the manifests of a staged partition and publish it, unless nothing changed.

Belongs here: draft → manifests → commit. Lives elsewhere: the manifests' shape
(`medallion.manifest`), the protocol (`tasks.local_publisher`), the data files (`tasks.staging`).
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from medallion.manifest import (
    CHECKSUMS_NAME,
    METADATA_NAME,
    Checksums,
    ColumnSchema,
    DataFile,
    Generation,
    InputPartition,
    Layer,
    build_checksums,
    build_metadata,
    content_digest,
    describe_metadata,
    metadata_bytes,
    parse_metadata,
)
from tasks.filesystem import LOCAL, Filesystem
from tasks.local_publisher import Stage, atomic_glob_supported, publish_stage, read_commit
from tasks.redaction import redact_values, redacted_errors
from tasks.runs import RunFacts, now, producer_versions
from tasks.verifier import verify_partition
from tasks.work_area import storage_errors

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Draft:
    """A staged partition, ready to be described and published.

    Attributes:
        layer: `bronze` or `silver`.
        dataset: The dataset's name.
        keys: The partition as manifests name it.
        path: Its directory, relative to the root.
        files: The data files in the stage.
        schema: Columns of the main artifact.
        artifact: The main artifact: `data`, `current`, `history`, …
        stats: The conservation law and other counts.
        logic_digest: Digest of the configuration that decides the content.
        config: Name and digest of the unresolved configuration.
        inputs: Partitions that this one is made from.
        about: Sections of `_metadata.json`: source, schema, quality, write.
    """

    layer: Layer
    dataset: str
    keys: dict[str, str]
    path: str
    files: tuple[DataFile, ...]
    schema: tuple[ColumnSchema, ...]
    artifact: str
    stats: Mapping[str, Any]
    logic_digest: str
    config: Mapping[str, str]
    inputs: Sequence[InputPartition] = ()
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Publication:
    """What became of a draft: the commit record now in force, and whether it is a new one."""

    checksums: Checksums
    is_new: bool


def publish_draft(
    stage: Stage, draft: Draft, run: RunFacts, base: Checksums | None, fs: Filesystem = LOCAL
) -> Publication:
    """Publish a draft as the partition's next generation.

    Equal content from equal inputs by equal logic publishes nothing, provided that the files in
    force are intact: a damaged partition is healed by its rerun.

    Args:
        stage: The stage that holds the draft's files.
        draft: What was staged.
        run: Who publishes.
        base: The commit record in force when the run began; anything else now is a conflict.
        fs: The file system, for tests.

    Raises:
        PartitionConflictError: Another run published first; the message names it.
        CommitUnknownError: The outcome cannot be told; nothing was deleted.
        QualityError: QUAL004, if a row is unaccounted for.
    """
    generation = Generation(
        layer=draft.layer,
        dataset=draft.dataset,
        partition=draft.keys,
        commit_id=stage.commit_id,
        parent_commit_id=base.commit_id if base else None,
        atomic_glob=atomic_glob_supported(stage.root, fs),
    )
    metadata = _metadata(generation, draft, run)
    checksums = _checksums(generation, draft, metadata)
    if base and _is_unchanged(stage.root / draft.path, base, checksums, metadata):
        _log.info("unchanged dataset=%s path=%s", draft.dataset, draft.path)
        return Publication(base, is_new=False)
    with storage_errors("write the manifests in", stage.path):
        fs.write_bytes(stage.path / METADATA_NAME, metadata)
        fs.write_bytes(stage.path / CHECKSUMS_NAME, checksums.to_bytes())
    atomic_glob = publish_stage(stage, draft.path, base.commit_id if base else None, fs)
    _log.info("published dataset=%s path=%s commit=%s", draft.dataset, draft.path, stage.commit_id)
    # The publisher has the last word on how the switch could be made.
    return Publication(replace(checksums, atomic_glob=atomic_glob), is_new=True)


@task(
    name="publish-partition",
    task_run_name="publish-{draft.path}",
    cache_policy=NO_CACHE,
    persist_result=False,
)
@redacted_errors()
def publish_partition(
    stage: Stage, draft: Draft, run: RunFacts, base: Checksums | None
) -> Publication:
    """Publish a draft, as a task; see `publish_draft`. It never retries: the protocol does."""
    return publish_draft(stage, draft, run, base)


def holds_content(base: Checksums | None, draft: Draft) -> bool:
    """Tell whether the generation in force holds the content of a draft."""
    return base is not None and base.content_digest == content_digest(draft.files)


def read_base(root: Path, path: str) -> Checksums | None:
    """Return the commit record in force for a partition, if any."""
    return read_commit(root / path)


def _checksums(generation: Generation, draft: Draft, metadata: bytes) -> Checksums:
    return build_checksums(
        generation,
        (*draft.files, describe_metadata(metadata)),
        draft.schema,
        artifact=draft.artifact,
        stats=draft.stats,
        logic_digest=draft.logic_digest,
    )


def _metadata(generation: Generation, draft: Draft, run: RunFacts) -> bytes:
    document = build_metadata(
        generation,
        run=run.to_dict(now()),
        producer=producer_versions(),
        config=draft.config,
        inputs=draft.inputs,
        **_redact_told(draft.about),
    )
    return metadata_bytes(document)


def _redact_told(about: Mapping[str, Any]) -> dict[str, Any]:
    """Redact what is told to people; columns stay as they are, since the next run reads them."""
    told = {name: redact_values(about[name]) for name in ("source", "quality") if name in about}
    return {**about, **told}


def _is_unchanged(destination: Path, base: Checksums, new: Checksums, metadata: bytes) -> bool:
    if (base.content_digest, base.logic_digest) != (new.content_digest, new.logic_digest):
        return False
    if base.schema != new.schema or verify_partition(destination):
        return False
    before = parse_metadata((destination / METADATA_NAME).read_bytes())
    after = parse_metadata(metadata)
    return all(before.get(part) == after.get(part) for part in ("inputs", "source"))
