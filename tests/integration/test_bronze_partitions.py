"""Bronze partitions: chunks, formats, repeatability, Parquet sources."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from medallion.errors import TerminalSourceError
from tasks.lake import read_partition
from tests.landing import land, read_landed


def test_files_end_at_the_row_limit(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a\n" + "x\n" * 25)
    partition = land(tmp_path, "in.csv", {"max_rows_per_file": 10})
    counts = [file.row_count for file in read_partition(partition).checksums.files]
    assert counts == [None, 10, 10, 5]


def test_files_end_at_their_real_size(tmp_path: Path) -> None:
    lines = "".join(f"{n},{hash((n, 'salt')):x}\n" for n in range(200_000))
    (tmp_path / "in.csv").write_text("a,b\n" + lines)
    partition = land(tmp_path, "in.csv", {"max_file_size_mb": 0.5})
    sizes = [path.stat().st_size for path in sorted(partition.glob("part-*"))]
    assert max(sizes) <= 0.5 * 2**20
    assert min(sizes[:-1]) >= 0.25 * 2**20
    assert read_landed(partition).num_rows == 200_000


@pytest.mark.parametrize("codec", ["zstd", "snappy", "gzip", "lz4", "none"])
def test_parquet_is_written_with_the_codec_asked_for(tmp_path: Path, codec: str) -> None:
    (tmp_path / "in.csv").write_text("a\n" + "x\n" * 100)
    partition = land(tmp_path, "in.csv", {"parquet_compression": codec})
    column = pq.read_metadata(next(partition.glob("part-*"))).row_group(0).column(0)
    assert column.compression == {"none": "UNCOMPRESSED"}.get(codec, codec.upper())


def test_csv_copies_lie_apart(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a,b\n1,\n")
    partition = land(tmp_path, "in.csv", {"write_csv": True})
    copy = next((partition / "_csv").glob("part-*.csv"))
    assert pa_csv.read_csv(copy).num_rows == 1
    assert pq.read_table(partition).num_rows == 1


def test_rerun_of_the_same_source_publishes_nothing(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a\n1\n")
    before = read_partition(land(tmp_path, "in.csv")).checksums
    assert read_partition(land(tmp_path, "in.csv")).checksums == before


def test_equal_rows_give_equal_bytes_however_they_were_split(tmp_path: Path) -> None:
    lines = [f"{n},{n % 7}" for n in range(30_000)]
    (tmp_path / "in-1.csv").write_text("\n".join(["a,b", *lines]))
    whole = read_partition(land(tmp_path, "in-*.csv")).checksums.content_digest
    (tmp_path / "in-1.csv").write_text("\n".join(["a,b", *lines[:11_111]]))
    (tmp_path / "in-2.csv").write_text("\n".join(["a,b", *lines[11_111:]]))
    assert read_partition(land(tmp_path, "in-*.csv")).checksums.content_digest == whole


def test_a_damaged_partition_is_healed_by_its_rerun(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a\n1\n")
    partition = land(tmp_path, "in.csv")
    file = next(partition.glob("part-*"))
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    assert read_landed(land(tmp_path, "in.csv")).to_pydict() == {"a": ["1"]}


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "d": pa.array([None, 1], pa.decimal128(20, 4)),
            "t": pa.array([1, 2], pa.timestamp("ns", "Europe/Berlin")),
            "n": pa.array([{"x": [1]}, None], pa.struct([("x", pa.list_(pa.int8()))])),
            "b": pa.array([b"\0", None], pa.binary()),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    landed = read_landed(land(tmp_path, "in.parquet"))
    assert landed.schema.types == table.schema.types
    assert landed.to_pylist() == table.to_pylist()


def test_parquet_files_with_other_columns_land_as_their_union(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": pa.array([1], pa.int32())}), tmp_path / "in-1.parquet")
    pq.write_table(pa.table({"a": [2], "b": ["x"]}), tmp_path / "in-2.parquet")
    landed = read_landed(land(tmp_path, "in-*.parquet"))
    assert landed.to_pylist() == [{"a": 1, "b": None}, {"a": 2, "b": "x"}]


def test_truncated_parquet_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "in.parquet")
    (tmp_path / "in.parquet").write_bytes((tmp_path / "in.parquet").read_bytes()[:-9])
    with pytest.raises(TerminalSourceError, match="not a whole Parquet file"):
        land(tmp_path, "in.parquet")


def test_manifests_name_no_directory_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("a\n1\n")
    partition = land(tmp_path, "in.csv")
    source = json.loads((partition / "_metadata.json").read_text())["source"]
    assert source["files"] == [{"name": "in.csv", "size_bytes": 4}]
