"""Verify whole trees: every partition by its files, then all of them by their inputs.

Belongs here: joining the two kinds of verdict. Lives elsewhere: the verdicts themselves
(`tasks.verifier` for one partition, `medallion.provenance` for the chain of inputs).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from medallion.errors import MedallionError
from medallion.provenance import PublishedPartition, trace_provenance
from tasks.lake import read_partition
from tasks.verifier import find_partitions, verify_partition


@dataclass(frozen=True)
class Verdict:
    """One finding.

    Attributes:
        kind: `damaged` and `broken` always fail a verification; `stale` and `purged` on request.
        code: Stable error code.
        where: Partition and, where it is about one, file or input.
        message: What is wrong.
    """

    kind: Literal["damaged", "broken", "stale", "purged"]
    code: str
    where: str
    message: str


@dataclass(frozen=True)
class Report:
    """What was verified and what was found."""

    partitions: int
    files: int
    size_bytes: int
    findings: tuple[Verdict, ...]


def verify_trees(trees: Sequence[Path]) -> Report:
    """Verify every partition at or below the given directories.

    A tree without any partition counts as one that lacks its manifest.
    """
    paths = [one for tree in trees for one in find_partitions(tree) or [tree]]
    unique = list({path.resolve(): path for path in paths}.values())
    damaged = [verdict for path in unique for verdict in _verify_files(path)]
    known = [one for path in unique if (one := _read_manifests(path)) is not None]
    listed = [file for one in known for file in one.checksums.files]
    return Report(
        partitions=len(unique),
        files=len(listed),
        size_bytes=sum(file.size_bytes for file in listed),
        findings=(*damaged, *_follow_inputs(known)),
    )


def _verify_files(path: Path) -> Iterable[Verdict]:
    for finding in verify_partition(path):
        where = f"{finding.partition}: {finding.path}" if finding.path else finding.partition
        yield Verdict("damaged", finding.code, where, finding.message)


def _read_manifests(path: Path) -> PublishedPartition | None:
    """Read a partition's manifests; damaged data leave its place in the chain of inputs known."""
    try:
        return read_partition(path)
    except (MedallionError, OSError):
        return None


def _follow_inputs(partitions: Sequence[PublishedPartition]) -> Iterable[Verdict]:
    for finding in trace_provenance(partitions):
        where = f"{finding.path}: {finding.input}" if finding.input else finding.path
        yield Verdict(finding.kind, "STATE002", where, finding.message)
