"""Small partitions to publish, and what is on disk afterwards.

Belongs here: what several fault tests need to publish and to judge the result, without the help of
what is tested. Lives elsewhere: breaking calls (`faulty_filesystem`), the tests themselves.

Most data files hold a few bytes instead of Parquet: the publisher never looks inside.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from medallion.manifest import (
    CHECKSUMS_NAME,
    METADATA_NAME,
    Checksums,
    DataFile,
    Generation,
    build_checksums,
    build_metadata,
    describe_metadata,
    metadata_bytes,
    parse_checksums,
)
from tasks.filesystem import Filesystem
from tasks.local_publisher import Stage, atomic_glob_supported, open_stage, publish_stage
from tasks.work_area import storage_errors

PARTITION = "domain=sales/entity=orders/v1/load_date=2025-03-01"

Folders = Callable[[int], str]


def in_one_folder(number: int) -> str:
    """Put every data file into the artifact's directory."""
    return "current"


def spread(number: int) -> str:
    """Put every second data file into a directory of its own."""
    return "current" if number % 2 == 0 else f"current/part={number}"


def publish(
    root: Path,
    contents: Sequence[bytes],
    fs: Filesystem,
    partition: str = PARTITION,
    folder_of: Folders = spread,
) -> str:
    """Publish a generation on top of the current one, as a run does, and return its commit id."""
    current = read_current(root, partition)
    base = current.commit_id if current else None
    with open_stage(root, fs) as stage:
        with storage_errors("write", stage.path):
            write_generation(stage, contents, base, fs, folder_of=folder_of)
        publish_stage(stage, partition, base, fs)
    return stage.commit_id


def write_generation(
    stage: Stage,
    contents: Sequence[bytes],
    base: str | None,
    fs: Filesystem,
    run_id: str = "run-1",
    folder_of: Folders = spread,
) -> None:
    """Write data files and both manifests into a stage."""
    generation = Generation(
        layer="silver",
        dataset="silver_sales.orders",
        partition={"load_date": "2025-03-01"},
        commit_id=stage.commit_id,
        parent_commit_id=base,
        atomic_glob=atomic_glob_supported(stage.root, fs),
    )
    files = [
        _write_data(stage, f"{folder_of(n)}/part-{n:05d}-{stage.commit_id}.parquet", data, fs)
        for n, data in enumerate(contents)
    ]
    metadata = metadata_bytes(
        build_metadata(generation, run={"run_id": run_id}, producer={}, config={})
    )
    fs.write_bytes(stage.path / METADATA_NAME, metadata)
    checksums = build_checksums(
        generation,
        [*files, describe_metadata(metadata)],
        [],
        artifact="current",
        stats={"law": {}},
        logic_digest="sha256:" + "0" * 64,
    )
    fs.write_bytes(stage.path / CHECKSUMS_NAME, checksums.to_bytes())


def _write_data(stage: Stage, path: str, data: bytes, fs: Filesystem) -> DataFile:
    fs.make_directories((stage.path / path).parent)
    fs.write_bytes(stage.path / path, data)
    return DataFile(path, len(data), hashlib.sha256(data).hexdigest(), 1, "current")


def read_current(root: Path, partition: str = PARTITION) -> Checksums | None:
    """Return the commit record in force."""
    path = root / partition / CHECKSUMS_NAME
    return parse_checksums(path.read_bytes()) if path.exists() else None


def contents_of(root: Path, partition: str = PARTITION) -> list[bytes] | None:
    """Return what a reader finds that follows the manifest; assert that it is what is listed."""
    current = read_current(root, partition)
    if current is None:
        return None
    data = [file for file in current.files if file.path != METADATA_NAME]
    data.sort(key=lambda file: Path(file.path).name)
    found = [(root / partition / file.path).read_bytes() for file in data]
    assert [hashlib.sha256(one).hexdigest() for one in found] == [file.sha256 for file in data]
    return found


def assert_pure(root: Path, partition: str = PARTITION) -> None:
    """Assert that the partition's directory holds one generation and nothing else."""
    directory = root / partition
    current = read_current(root, partition)
    if current is None:
        assert not directory.exists()
        return
    found = {
        path.relative_to(directory).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.rglob("*")
        if path.is_file() and path.name != CHECKSUMS_NAME
    }
    assert found == {file.path: file.sha256 for file in current.files}


def assert_cleared(root: Path) -> None:
    """Assert that no stage and no lock is left."""
    assert list((root / ".medallion").glob("*/*")) == []
