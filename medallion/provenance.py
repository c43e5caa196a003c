"""Provenance: whether what Silver was made from is still what lies in the lake.

Belongs here: following the inputs that manifests name from partition to partition.
Lives elsewhere: reading manifests (`manifest`), comparing one with its files (`tasks.verifier`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from medallion.errors import ChecksumMismatchError
from medallion.manifest import Checksums, InputPartition, describe_input, parse_inputs

FOLDED_ARTIFACTS = frozenset({"current", "history", "events"})
_SERIES_KEYS = frozenset({"system", "table", "domain", "entity", "version", "pattern"})

Identity = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class PublishedPartition:
    """A partition found in the lake: where it lies, and both of its manifests."""

    path: str
    checksums: Checksums
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class ProvenanceFinding:
    """Why a partition does not follow from what lies in the lake.

    Attributes:
        kind: `stale`: promoting it again would heal it. `purged`: an input is gone, so that nobody
            can tell. `broken`: manifests contradict each other.
        path: Where the partition lies.
        input: The input that it is about, `<dataset> <date>`; empty if it is the partition itself.
        message: What is wrong, and what to do.
    """

    kind: Literal["stale", "purged", "broken"]
    path: str
    input: str
    message: str


def trace_provenance(partitions: Iterable[PublishedPartition]) -> list[ProvenanceFinding]:
    """Report what contradicts the inputs of each partition; a partition not reported is fine.

    Inputs are sought among `partitions` only: pass the Bronze and the Silver ones.
    """
    lake = _Lake(partitions)
    findings = [finding for one in lake.partitions for finding in _trace(one, lake)]
    return sorted(findings, key=lambda finding: (finding.path, finding.input))


@dataclass(frozen=True)
class _History:
    """What a Silver partition folds: Bronze dates, all those after `complete_from` among them."""

    dates: frozenset[str]
    complete_from: str
    is_stale: bool


class _Lake:
    """The partitions, bases first; of one that lies in two places, either may be meant."""

    def __init__(self, partitions: Iterable[PublishedPartition]) -> None:
        self.partitions = sorted(partitions, key=_dependency_order)
        self.histories: dict[str, _History] = {}
        self.dates: dict[Identity, set[str]] = {}
        self._found: dict[Identity, list[PublishedPartition]] = {}
        for one in self.partitions:
            dataset, keys = one.checksums.dataset, one.checksums.partition
            self.dates.setdefault(_series(dataset, keys), set()).add(partition_date(keys))
            self._found.setdefault(_identity(dataset, keys), []).append(one)

    def find(self, one: InputPartition) -> list[PublishedPartition]:
        return self._found.get(_identity(one.dataset, one.partition), [])

    def history(self, base: InputPartition) -> _History:
        """What a base folds; of one that is gone or broken, only its date is known."""
        known = [self.histories[one.path] for one in self.find(base) if one.path in self.histories]
        return known[0] if known else _History(frozenset(), partition_date(base.partition), False)


def _trace(partition: PublishedPartition, lake: _Lake) -> list[ProvenanceFinding]:
    try:
        inputs = parse_inputs(partition.metadata)
        contradiction = _contradiction(partition, inputs)
    except ChecksumMismatchError as error:
        contradiction = str(error)
    if contradiction:
        return [ProvenanceFinding("broken", partition.path, "", contradiction)]
    findings = [found for one in inputs for found in _compare_input(partition, one, lake)]
    bases = [lake.history(one) for one in inputs if one.layer == "silver"]
    dates = {partition_date(one.partition) for one in inputs if one.layer == "bronze"}
    history = _History(
        dates=frozenset(dates.union(*(base.dates for base in bases))),
        complete_from=max((base.complete_from for base in bases), default=""),
        is_stale=False,
    )
    findings += _late_inputs(partition, inputs, history, lake)
    is_stale = any(finding.kind == "stale" for finding in findings)
    lake.histories[partition.path] = _History(history.dates, history.complete_from, is_stale)
    return findings


def _contradiction(partition: PublishedPartition, inputs: Iterable[InputPartition]) -> str:
    """What a partition's own manifests say against each other."""
    checksums = partition.checksums
    for key in ("commit_id", "layer", "dataset", "partition"):
        if partition.metadata.get(key) != getattr(checksums, key):
            return f"its two manifests name another {key} each; publish the partition again"
    if checksums.layer == "bronze":
        return ""
    date = partition_date(checksums.partition)
    if any(partition_date(one.partition) > date for one in inputs):
        return f"it has an input later than {date}; promote the date again"
    rows = {partition_date(one.partition): one.row_count for one in inputs if one.layer == "bronze"}
    for run_date, account in checksums.stats["law"].items():
        if rows.get(run_date) != account["read"]:
            return (
                f"its law read {account['read']} rows of {run_date}, its inputs say "
                f"{rows.get(run_date)}; promote the date again"
            )
    return ""


def _compare_input(
    partition: PublishedPartition, one: InputPartition, lake: _Lake
) -> Iterator[ProvenanceFinding]:
    name = f"{one.dataset} {partition_date(one.partition)}"
    found = [describe_input(published.checksums) for published in lake.find(one)]
    same = [now for now in found if now.content_digest == one.content_digest]
    if not found:
        message = "the input is not among the partitions given: it was purged, or lies elsewhere"
        yield ProvenanceFinding("purged", partition.path, name, message)
    elif not same:
        message = "the input holds other data by now; promote this date again"
        yield ProvenanceFinding("stale", partition.path, name, message)
    elif one not in same:
        message = f"the input holds {same[0].row_count} rows, but {one.row_count} are on record"
        yield ProvenanceFinding("broken", partition.path, name, message)
    elif one.layer == "silver" and lake.history(one).is_stale:
        message = "the base is stale itself; promote its date again"
        yield ProvenanceFinding("stale", partition.path, name, message)


def _late_inputs(
    partition: PublishedPartition, inputs: Iterable[InputPartition], history: _History, lake: _Lake
) -> Iterator[ProvenanceFinding]:
    """Bronze partitions that a fold up to this date must read, and this one has not."""
    if FOLDED_ARTIFACTS.isdisjoint(partition.checksums.stats["rows_by_artifact"]):
        return  # the other models read their own date only
    date = partition_date(partition.checksums.partition)
    sources = {_series(one.dataset, one.partition) for one in inputs if one.layer == "bronze"}
    for source in sorted(sources):
        for late in sorted(lake.dates.get(source, set()) - history.dates):
            if history.complete_from < late <= date:
                message = f"the input appeared after this partition was made; promote {late}"
                yield ProvenanceFinding("stale", partition.path, f"{source[0]} {late}", message)


def _identity(dataset: str, keys: Mapping[str, str]) -> Identity:
    return dataset, tuple(sorted(keys.items()))


def _series(dataset: str, keys: Mapping[str, str]) -> Identity:
    return _identity(dataset, {key: keys[key] for key in keys if key in _SERIES_KEYS})


def partition_date(keys: Mapping[str, str]) -> str:
    """Return the date of a partition: the value of the one key that does not name its series."""
    return next((value for key, value in keys.items() if key not in _SERIES_KEYS), "")


def _dependency_order(partition: PublishedPartition) -> tuple[str, str, str]:
    """Bronze first, then Silver by date: bases come before what is built on them."""
    return partition.checksums.layer, partition_date(partition.checksums.partition), partition.path
