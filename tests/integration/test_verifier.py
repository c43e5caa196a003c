"""The verifier finds every way in which files can differ from their manifest."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tasks.verifier
from tasks.verifier import Finding, find_partitions, main, verify_partition
from tests.integration.partitions import (
    FIRST_FILE,
    SILVER,
    codes,
    write_bronze,
    write_silver,
)


@pytest.fixture
def partition(tmp_path: Path) -> Path:
    """A Bronze partition of 12 rows in two files."""
    return write_bronze(tmp_path / "bronze", [10, 2])


@pytest.mark.parametrize("rows", [[0], [1], [10, 2], [1] * 12])
def test_verifier_accepts_bronze(tmp_path: Path, rows: list[int]) -> None:
    assert verify_partition(write_bronze(tmp_path, rows)) == []


def test_verifier_accepts_silver_with_folders(tmp_path: Path) -> None:
    assert verify_partition(write_silver(tmp_path, SILVER)) == []


def test_verifier_accepts_a_partition_copied_elsewhere(partition: Path, tmp_path: Path) -> None:
    shutil.copytree(partition, tmp_path / "copy")
    assert verify_partition(tmp_path / "copy") == []


@pytest.mark.parametrize("place", [0, 4, 200, -1, -9], ids=str)
def test_verifier_finds_a_flipped_byte(partition: Path, place: int) -> None:
    data = bytearray((partition / FIRST_FILE).read_bytes())
    data[place] ^= 1
    (partition / FIRST_FILE).write_bytes(data)
    assert codes(partition) == {("STG002", FIRST_FILE)}


def append_byte(file: Path) -> None:
    """Make a file longer."""
    file.write_bytes(file.read_bytes() + b"\0")


def swap_with_second(file: Path) -> None:
    """Give two files each other's names."""
    second = file.with_name(file.name.replace("00000", "00001", 1))
    file.rename(file.with_name("x"))
    second.rename(file)
    file.with_name("x").rename(second)


def replace_with_link(file: Path) -> None:
    """Put a symbolic link to the very same bytes in the file's place."""
    moved = file.rename(file.parents[5] / "elsewhere")
    file.symlink_to(moved)


def replace_with_pipe(file: Path) -> None:
    """Put something in the file's place that blocks whoever opens it."""
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (append_byte, "STG002"),
        (lambda file: file.write_bytes(b""), "STG002"),
        (Path.unlink, "STG002"),
        (swap_with_second, "STG002"),
        (replace_with_link, "STG007"),
        (replace_with_pipe, "STG007"),
    ],
    ids=["size", "truncated", "missing", "swapped", "link", "pipe"],
)
def test_verifier_finds_a_tampered_file(
    partition: Path, tamper: Callable[[Path], object], code: str
) -> None:
    tamper(partition / FIRST_FILE)
    assert (code, FIRST_FILE) in codes(partition)


@pytest.mark.parametrize(
    "name", ["part-00009-x.parquet", "notes.txt", "x/y/z", ".hidden", "_SUCCESS", ".medallion/x"]
)
def test_verifier_finds_an_unlisted_file(partition: Path, name: str) -> None:
    (partition / name).parent.mkdir(parents=True, exist_ok=True)
    (partition / name).touch()
    assert codes(partition) == {("STG006", name)}


def test_verifier_finds_a_name_that_is_not_utf8(partition: Path, capsys: Any) -> None:
    (Path(os.fsdecode(os.fsencode(partition) + b"/\xff"))).touch()
    assert main([str(partition)]) == 1
    assert "STG006" in capsys.readouterr().out


def test_verifier_follows_no_link_to_a_directory(tmp_path: Path) -> None:
    path = write_silver(tmp_path, SILVER)
    (path / "history").rename(tmp_path / "moved")
    (path / "history").symlink_to(tmp_path / "moved")
    assert codes(path) == {("STG007", "history"), ("STG002", f"history/{FIRST_FILE}")}


def test_verifier_refuses_a_partition_that_is_a_link(partition: Path) -> None:
    link = partition.with_name("dt=2026-01-02")
    link.symlink_to(partition)
    assert codes(link) == {("STG007", "")}


@pytest.mark.parametrize("level", ["dt=2026-01-02", "load_date=oops", "day=2026-01-02"])
def test_verifier_finds_a_partition_without_a_manifest(partition: Path, level: str) -> None:
    (partition.parent / level).mkdir()
    found = find_partitions(partition.parents[3])
    assert found == sorted([partition, partition.parent / level])
    assert codes(partition.parent / level) == {("STG001", "_checksums.json")}


def test_finding_partitions_skips_work_areas_and_other_folders(tmp_path: Path) -> None:
    bronze, silver = write_bronze(tmp_path / "b", [1]), write_silver(tmp_path / "s", SILVER)
    for skipped in (".medallion/work", "_outbox"):
        write_bronze(tmp_path / "b" / skipped, [1])
    (tmp_path / "b/dt=2026-01-01").mkdir()
    assert find_partitions(tmp_path) == [bronze, silver]


def test_finding_partitions_returns_links_in_the_layout(partition: Path) -> None:
    root = partition.parents[3]
    (root / "system=erp").symlink_to(root / "system=crm")
    (root / "latest").symlink_to(partition)
    assert find_partitions(root) == [partition, root / "system=erp"]
    assert codes(root / "system=erp") == {("STG007", "")}


def test_finding_partitions_works_below_the_layout(
    partition: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (partition / "_checksums.json").unlink()
    monkeypatch.chdir(partition.parents[1])
    assert find_partitions(Path()) == [Path("pattern=cdc/dt=2026-01-01")]


def test_verifier_starts_again_when_a_new_generation_was_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = write_bronze(tmp_path / "old", [3]), write_bronze(tmp_path / "new", [5])
    read_old = tasks.verifier._read_record(old)
    shutil.rmtree(old)
    new.rename(old)
    records = iter([read_old])
    read = tasks.verifier._read_record
    monkeypatch.setattr(tasks.verifier, "_read_record", lambda p: next(records, None) or read(p))
    assert verify_partition(old) == []


def test_verifier_reports_what_does_not_exist(partition: Path) -> None:
    shutil.rmtree(partition)
    assert codes(partition) == {("STG005", "")}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads what is forbidden to others")
def test_verifier_reports_what_it_cannot_read(partition: Path) -> None:
    partition.parent.chmod(0)
    try:
        found = find_partitions(partition.parents[3])
        assert [finding.code for one in found for finding in verify_partition(one)] == ["STG005"]
    finally:
        partition.parent.chmod(0o755)


def test_finding_says_where_and_what(partition: Path) -> None:
    (partition / FIRST_FILE).write_bytes(b"PAR1")
    (partition / "x").touch()
    size = json.loads((partition / "_checksums.json").read_bytes())["files"][1]["size_bytes"]
    assert verify_partition(partition) == [
        Finding("STG002", str(partition), FIRST_FILE, f"has 4 bytes, not {size}"),
        Finding("STG006", str(partition), "x", "is not listed"),
    ]
