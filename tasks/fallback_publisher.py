"""Replace a partition where directories cannot be exchanged (NFS, CIFS, some overlays).

Belongs here: moving a staged generation into the directory of the current one, and finishing that
after a crash. Lives elsewhere: everything around it, and the normal way (`local_publisher`).

Readers that follow `_checksums.json` see one generation; tools that glob may see two until the
former files are gone. A run that fails leaves the former generation untouched: `_metadata.json`,
whose name cannot be unique, follows after the commit.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from medallion.manifest import CHECKSUMS_NAME, METADATA_NAME, Checksums
from tasks.filesystem import Filesystem
from tasks.work_area import read_commit

_DATA_NAME = re.compile(r"part-\d+-[0-9a-f]{16}(\.[a-z0-9]+)+")


def move_in(stage: Path, destination: Path, staged: Checksums, fs: Filesystem) -> None:
    """Make the staged generation the current one; the caller holds the partition's lock."""
    former, _ = fs.list_tree(destination)
    paths = [file.path for file in staged.files if file.path != METADATA_NAME]
    folders = sorted({(destination / path).parent for path in paths})
    for folder in folders:
        fs.make_directories(folder)
    for path in paths:
        fs.replace(stage / path, destination / path)
    for folder in folders:
        fs.fsync_directory(folder)
    _replace_durably(stage, destination, CHECKSUMS_NAME, fs)
    _replace_durably(stage, destination, METADATA_NAME, fs)
    _remove_unlisted(destination, former, staged, fs)


def finish_move(stage: Path, destination: Path, fs: Filesystem) -> None:
    """Complete what a dead run committed, or undo what it did not; under the partition's lock."""
    current = read_commit(destination, fs)
    if current is None:
        return
    listed = {file.path: file.sha256 for file in current.files}
    metadata = stage / METADATA_NAME
    if fs.exists(metadata) and _sha256(metadata, fs) == listed[METADATA_NAME]:
        _replace_durably(stage, destination, METADATA_NAME, fs)
    files, _ = fs.list_tree(destination)
    left = [file for file in files if _DATA_NAME.fullmatch(file.name)]
    _remove_unlisted(destination, left, current, fs)


def _replace_durably(stage: Path, destination: Path, name: str, fs: Filesystem) -> None:
    fs.replace(stage / name, destination / name)
    fs.fsync_directory(destination)


def _remove_unlisted(
    destination: Path, candidates: Iterable[Path], current: Checksums, fs: Filesystem
) -> None:
    listed = {destination / file.path for file in current.files} | {destination / CHECKSUMS_NAME}
    for file in candidates:
        if file not in listed:
            fs.unlink(file)
    files, folders = fs.list_tree(destination)
    needed = {folder for file in files for folder in file.parents}
    for folder in reversed(folders):
        if folder not in needed:
            fs.remove_directory(folder)


def _sha256(path: Path, fs: Filesystem) -> str:
    return hashlib.sha256(fs.read_bytes(path)).hexdigest()
