"""What a run leaves in the Prefect UI: a report per partition and a table of rejects.

Belongs here: results → artifacts. Lives elsewhere: the results (`medallion.results`).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from prefect import task
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE

from medallion.results import PartitionResult, format_size
from tasks.progress import report_result
from tasks.redaction import redact

MAX_REJECT_ROWS = 100


@task(name="record-result", cache_policy=NO_CACHE, persist_result=False)
def record_result(result: PartitionResult, rejects: Sequence[Mapping[str, Any]] = ()) -> None:
    """Keep a result as an artifact under the dataset's own key: the UI shows its history."""
    report_result(result)
    key = artifact_key(result.dataset)
    report, description = redact(render_report(result)), redact(result.describe())
    create_markdown_artifact(key=key, markdown=report, description=description)
    if rejects:
        table = [dict(row) for row in rejects[:MAX_REJECT_ROWS]]
        description = f"{result.dataset} {result.run_date}: rejected rows by reason"
        create_table_artifact(key=f"{key}-rejects", table=table, description=description)


def artifact_key(dataset: str) -> str:
    """Return the artifact key of a dataset: lower case, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", dataset.lower()).strip("-")


def render_report(result: PartitionResult) -> str:
    """Write a result as Markdown."""
    facts = {
        "status": result.status,
        "rows": f"{result.row_count:,}",
        "files": f"{result.file_count:,}",
        "bytes": format_size(result.size_bytes),
        "seconds": f"{result.seconds:.2f}",
        "quarantined": f"{result.quarantined:,}",
        "drift": "; ".join(result.drift) or "none",
        "content digest": f"`{result.content_digest}`" if result.content_digest else "none",
        "path": f"`{result.path}`",
        **{name: str(value) for name, value in result.details.items()},
    }
    lines = [f"| {name} | {value} |" for name, value in facts.items()]
    title = f"## {result.dataset} {result.run_date}"
    return "\n".join([title, "", "| fact | value |", "|---|---|", *lines, ""])


class DatasetProgress:
    """How far a flow run has come, as a progress artifact that the UI shows as a bar."""

    def __init__(self, total: int) -> None:
        """Begin at none of `total` datasets."""
        self._total, self._done = total, 0
        self._artifact: UUID = create_progress_artifact(0.0, description=self._describe())  # type: ignore[assignment]

    def advance(self) -> None:
        """Count one dataset more."""
        self._done += 1
        percent = 100.0 * self._done / self._total
        update_progress_artifact(self._artifact, percent, description=self._describe())

    def _describe(self) -> str:
        return f"{self._done} of {self._total} datasets"
