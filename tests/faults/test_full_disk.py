"""A full disk is told as such, wherever it fills up, and not as a bug."""

import errno
import os
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pytest

from medallion.errors import StorageError
from medallion.layout import WriteSettings
from tasks.filesystem import Filesystem
from tasks.staging import PartitionWriter, Place
from tasks.work_area import scratch_directory


class FullDisk(Filesystem):
    """A disk on which nothing fits any more."""

    def write(self, file: BinaryIO, data: memoryview) -> int:
        file.close()  # its writer is lost
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), file.name)


def test_full_disk_ends_a_data_file(tmp_path: Path) -> None:
    rows = pa.table({"id": [1, 2]})
    place = Place(tmp_path, "0" * 16)
    writer = PartitionWriter(place, "data", rows.schema, WriteSettings(), FullDisk())
    writer.write(rows)
    with pytest.raises(StorageError, match="No space left on device") as failure:
        writer.close()
    assert failure.value.code == "STG005"


def test_full_disk_ends_intermediate_files() -> None:
    with (
        pytest.raises(StorageError, match="No space left on device") as failure,
        scratch_directory(),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert failure.value.code == "STG005"
