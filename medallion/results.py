"""What a run says of a partition: one small value that travels between tasks, flows and people.

Belongs here: the facts and their one-line form. Lives elsewhere: the manifest itself (`manifest`).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Layers = Literal["both", "bronze", "silver"]
Status = Literal["published", "unchanged", "dry_run"]


@dataclass(frozen=True)
class PartitionResult:
    """The outcome of landing or promoting one partition.

    Attributes:
        layer: `bronze` or `silver`.
        dataset: `bronze_<system>.<table>` or `silver_<domain>.<entity>`.
        run_date: The day that the partition stands for.
        status: `published`, `unchanged` (equal content from equal inputs) or `dry_run`.
        path: The partition's directory, as configured.
        row_count: Rows of the main artifact; of the sample in a dry run.
        size_bytes: Bytes of all data files.
        file_count: Number of data files.
        content_digest: What the partition holds, empty in a dry run.
        seconds: Wall-clock time of the work.
        quarantined: Rows that went to quarantine.
        drift: Schema changes, one line each.
        details: What else a person may want: counts by kind.
    """

    layer: Literal["bronze", "silver"]
    dataset: str
    run_date: dt.date
    status: Status
    path: str
    row_count: int
    size_bytes: int = 0
    file_count: int = 0
    content_digest: str = ""
    seconds: float = 0.0
    quarantined: int = 0
    drift: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the facts as JSON can hold them."""
        return {**asdict(self), "run_date": self.run_date.isoformat(), "drift": list(self.drift)}

    def describe(self) -> str:
        """Return one line for people."""
        parts = [f"{self.dataset} {self.run_date} {self.status}", f"{self.row_count:,} rows"]
        if self.file_count:
            files = "file" if self.file_count == 1 else "files"
            parts.append(f"{self.file_count} {files}, {format_size(self.size_bytes)}")
        if self.quarantined:
            parts.append(f"{self.quarantined:,} quarantined")
        if self.drift:
            parts.append(f"drift: {', '.join(self.drift)}")
        return " · ".join([*parts, f"{self.seconds:.2f} s"])


def format_size(size_bytes: int) -> str:
    """Write a number of bytes for people, in powers of 1024."""
    size = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"
