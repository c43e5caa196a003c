"""The errors people get, as one tree with stable codes for alert routing.

Belongs here: classes and codes. Lives elsewhere: wording of a single failure (where it is raised).

MedallionError
├── OperatorError
│   ├── ConfigError
│   └── MissingBlockError
├── SourceError
│   ├── TransientSourceError
│   ├── AuthError
│   ├── PaginationError
│   └── TerminalSourceError
├── StorageError
│   ├── ManifestMissingError
│   ├── ChecksumMismatchError
│   ├── PartitionConflictError
│   └── CommitUnknownError
├── StateError
├── QualityError
└── NotificationError
"""

from typing import ClassVar

CODES: dict[str, str] = {
    "ERR000": "An unexpected fault: a bug, please report it with the traceback (`-v`).",
    "CFG001": "A configuration file cannot be read.",
    "CFG002": "A key is unknown.",
    "CFG003": "A value has the wrong type or is out of range.",
    "CFG004": "Keys contradict each other, or a needed key is missing.",
    "CFG005": "The YAML uses what is refused: aliases, tags, duplicate keys, great size or depth.",
    "CFG006": "A `${VAR}` reference has no value.",
    "CFG007": "A name that becomes part of a path is not allowed.",
    "CFG008": "A command-line argument or flow parameter is wrong.",
    "BLK001": "A Prefect block has not been created.",
    "EXT001": "The source does not exist, or no file matches.",
    "EXT002": "The source is malformed: ragged rows, bad encoding, truncation.",
    "EXT003": "The source's columns are unusable: duplicate, empty or missing names, mixed types.",
    "EXT004": "Values were lost between source and Bronze; nothing was published.",
    "EXT101": "The source failed in a way that a retry may cure.",
    "AUTH001": "The source refused the credentials.",
    "PAGE001": "A paged source loops, drifts or lacks a field.",
    "STG001": "A partition or its manifest is missing.",
    "STG002": "A file does not match its manifest.",
    "STG003": "Another run published the partition first.",
    "STG004": "The outcome of a commit is unknown; nothing was deleted.",
    "STG005": "The storage failed: disk full, permission, I/O.",
    "STG006": "The destination holds files that no manifest describes.",
    "STG007": "A path leaves its root.",
    "STATE001": "The Bronze partition that a promotion needs does not exist.",
    "STATE002": "A promotion's inputs or base are broken.",
    "QUAL001": "More rows are bad than `error_handling` allows.",
    "QUAL002": "`schema_drift: fail` refuses a drift, or a type cannot hold the values of before.",
    "QUAL003": "A contract check with `on_fail: fail` failed, or a check could not be run.",
    "QUAL004": "The conservation law does not hold; nothing was published.",
    "QUAL005": "A full snapshot lacks more keys than `max_delete_percent` allows.",
    "NOTE001": "A notification could not be delivered.",
}


class MedallionError(Exception):
    """Report what happened, where, and what to do, under a stable code.

    Attributes:
        code: A key of `CODES`.
        facts: What a machine may want of the failure: paths, counts, names.
    """

    default_code: ClassVar[str] = "ERR000"

    def __init__(self, message: str, *, code: str = "", **facts: object) -> None:
        """Keep the message, the code (the class's own by default) and the facts."""
        super().__init__(message)
        self.code = code or self.default_code
        self.facts = facts

    def __reduce__(self) -> tuple[object, ...]:
        """Survive pickling between processes."""
        return (_rebuild, (type(self), str(self), self.code, self.facts))


def _rebuild(
    kind: type[MedallionError], message: str, code: str, facts: dict[str, object]
) -> MedallionError:
    return kind(message, code=code, **facts)


class OperatorError(MedallionError):
    """Say what the operator must change; the message is the whole story."""

    default_code = "CFG008"


class ConfigError(OperatorError):
    """A configuration file is wrong."""

    default_code = "CFG003"


class MissingBlockError(OperatorError):
    """A Prefect block has not been created."""

    default_code = "BLK001"


class SourceError(MedallionError):
    """A source could not be read as it should."""

    default_code = "EXT002"


class TransientSourceError(SourceError):
    """A retry may help: 429, 5xx, time-outs. The only class that tasks retry."""

    default_code = "EXT101"


class AuthError(SourceError):
    """The source answered 401 or 403."""

    default_code = "AUTH001"


class PaginationError(SourceError):
    """Paging loops, drifts or lacks a field."""

    default_code = "PAGE001"


class TerminalSourceError(SourceError):
    """A retry does not help: the source itself must change."""

    default_code = "EXT002"


class StorageError(MedallionError):
    """The lake could not be read or written as it should."""

    default_code = "STG005"


class ManifestMissingError(StorageError):
    """A partition or its manifest is missing."""

    default_code = "STG001"


class ChecksumMismatchError(StorageError):
    """A file differs from its manifest; facts hold path, expected, actual."""

    default_code = "STG002"


class PartitionConflictError(StorageError):
    """Another run published the partition first; facts name the winner."""

    default_code = "STG003"


class CommitUnknownError(StorageError):
    """Nobody can tell whether the commit happened; nothing was deleted."""

    default_code = "STG004"


class StateError(MedallionError):
    """The chain of windows or inputs is broken."""

    default_code = "STATE002"


class QualityError(MedallionError):
    """Contract, thresholds or drift refuse the data."""

    default_code = "QUAL001"


class NotificationError(MedallionError):
    """A notification failed; logged, and never the end of a run."""

    default_code = "NOTE001"
