"""Readers during republishes: one generation or a loud error, never a mixture or a part.

Belongs here: who reads, how, and what is allowed. Lives elsewhere: the readers (`reading`).

Tools that glob are promised this for one directory. DuckDB and pyarrow leave out, silently, names
that vanish between listing a directory and looking at the file; whatever they do keep of a former
generation fails to open. Over several directories they can therefore miss a whole one: there, and
where directories cannot be exchanged, only the manifest is a safe guide.
"""

import multiprocessing as mp
from collections import Counter
from pathlib import Path

import pytest

from tasks.filesystem import Filesystem
from tests.faults.faulty_filesystem import FaultyFilesystem
from tests.faults.publishing import PARTITION, Folders, in_one_folder, publish, spread
from tests.faults.reading import READERS, generation_files, read_until

REPUBLISHES = 300


def test_every_reader_sees_one_generation(memory_path: Path, scale: int) -> None:
    verdicts = republish_under(list(READERS), memory_path, Filesystem(), in_one_folder, scale)
    for name, counts in verdicts.items():
        assert counts["whole"] > 0, name
        assert counts["mixed"] == counts["partial"] == 0, name


@pytest.mark.parametrize("can_exchange", [True, False], ids=["exchange", "fallback"])
def test_manifest_reader_needs_no_second_look(
    memory_path: Path, scale: int, can_exchange: bool
) -> None:
    fs = FaultyFilesystem(can_exchange=can_exchange)
    verdicts = republish_under(["manifest"], memory_path, fs, spread, scale)
    assert list(verdicts["manifest"]) == ["whole"]


def republish_under(
    names: list[str], root: Path, fs: Filesystem, folder_of: Folders, scale: int
) -> dict[str, Counter[str]]:
    """Republish while readers loop, and return their verdicts."""
    context = mp.get_context("spawn")
    done = context.Event()
    ready, verdicts = [context.Event() for _ in names], [context.Queue() for _ in names]
    publish(root, generation_files(0), fs, folder_of=folder_of)
    readers = [
        context.Process(target=read_until, args=(name, root / PARTITION, *ends, done), daemon=True)
        for name, *ends in zip(names, verdicts, ready, strict=True)
    ]
    for reader in readers:
        reader.start()
    assert all(event.wait(60) for event in ready)
    for number in range(1, REPUBLISHES * scale):
        publish(root, generation_files(number), fs, folder_of=folder_of)
    done.set()
    counts = {name: queue.get(timeout=60) for name, queue in zip(names, verdicts, strict=True)}
    for reader in readers:
        reader.join(60)
    print(counts)
    return counts
