"""A lake whose second day is to be promoted again, onto a base and over an older generation.

Belongs here: what the faults of a promotion share: the lake, and judging what is left of it.
Lives elsewhere: what goes wrong (`faulty_filesystem`, `promotion_kill_loop`).
"""

import datetime as dt
import shutil
from pathlib import Path

import pyarrow as pa

from tasks.lake import read_partition
from tasks.verifier import find_partitions, verify_partition
from tests.lakes import Lake, day

SILVER = {
    "model": "scd_type_2",
    "primary_keys": ["id"],
    "order_column": "at",
    "cdc": {"op_column": "op"},
    "partitioning": {"columns": ["region"]},
    "max_rows_per_file": 60,
    "error_handling": {"enabled": True, "mode": "fail_open"},
}


def prepare(folder: Path) -> Lake:
    """Publish two days, and land other rows for the second one."""
    lake = Lake(folder, SILVER)
    lake.run(day(1), rows(1, 80))
    lake.run(day(2), rows(2, 50))
    lake.deliver(day(2), rows(2, 60))
    lake.land(day(2))
    shutil.copytree(folder / "silver", folder / "old")
    lake.promote(day(2))
    (folder / "silver").rename(folder / "new")
    restore(folder)
    return lake


def restore(folder: Path) -> None:
    """Bring back the state before the promotion."""
    shutil.rmtree(folder / "silver", ignore_errors=True)
    shutil.copytree(folder / "old", folder / "silver")


def rows(number: int, size: int) -> pa.Table:
    """Changes of a day, with a bad row among them."""
    at = dt.datetime.combine(day(number), dt.time(), dt.UTC)
    keys = [(number * 37 + place) % 100 for place in range(size)]
    return pa.table(
        {
            "id": [None, *keys],
            "at": pa.array([at] * (size + 1), pa.timestamp("us", "UTC")),
            "op": ["I", *("IUUD"[key % 4] for key in keys)],
            "region": [None, *("EU" if key % 3 else None for key in keys)],
            "note": [f"{number} {place}" for place in range(size + 1)],
        }
    )


def digest_of(folder: Path, generation: str, number: int = 2) -> str:
    """Return the content digest of a day in `old`, `new` or `silver`."""
    path = Lake(folder, SILVER).partition(day(number)).relative_to(folder / "silver")
    return read_partition(folder / generation / path).checksums.content_digest


def judge(folder: Path) -> str:
    """Assert that Silver is whole, and tell whether it is the old state or the new one."""
    findings = [
        one for path in find_partitions(folder / "silver") for one in verify_partition(path)
    ]
    assert findings == []
    assert digest_of(folder, "silver", 1) == digest_of(folder, "old", 1)
    found = digest_of(folder, "silver")
    if found == digest_of(folder, "old"):
        return "old"
    assert found == digest_of(folder, "new")
    return "new"
