"""The flow that verifies published partitions.

Belongs here: a door to the verdicts that can be scheduled. Lives elsewhere: the verdicts
(`tasks.verification`).
"""

from pathlib import Path

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from medallion.errors import ChecksumMismatchError
from tasks.datasets import load_datasets
from tasks.lake import dataset_trees
from tasks.redaction import redacted_errors
from tasks.verification import Report, verify_trees


@flow(name="verify-partitions")
@redacted_errors()
def verify_partitions(configs: list[str], strict: bool = False) -> Report:
    """Re-hash every partition of the datasets and follow their inputs.

    Args:
        configs: Paths of the datasets' YAML files.
        strict: Fail on stale partitions and purged inputs too.

    Raises:
        ChecksumMismatchError: A partition is damaged; the table artifact lists all findings.
    """
    trees = [tree for one in load_datasets(configs) for tree in dataset_trees(one)]
    report = verify(trees)
    if report.findings:
        rows = [vars(finding) for finding in report.findings]
        create_table_artifact(key="verify-findings", table=rows)
    failures = [one for one in report.findings if strict or one.kind in ("damaged", "broken")]
    if failures:
        first = failures[0]
        raise ChecksumMismatchError(
            f"{len(failures)} findings, first {first.where}: {first.message}"
        )
    return report


@task(name="verify-trees", cache_policy=NO_CACHE, persist_result=False)
@redacted_errors()
def verify(trees: list[Path]) -> Report:
    """Verify partitions as a task of its own."""
    return verify_trees(trees)
