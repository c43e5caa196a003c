"""What is wrong with a configuration file, gathered until all of it is known.

Belongs here: one problem, dotted keys, and the single error that reports every problem of a file.
Lives elsewhere: finding problems (`strict_yaml`, `legacy`, `validation`, `contradictions`).
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from medallion.errors import ConfigError

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One thing to change: a code of `errors.CODES`, where, and what."""

    code: str
    line: int | None
    key: str
    message: str

    def describe(self, file_name: str) -> str:
        """Return the problem as one line."""
        place = f"{file_name}:{self.line}" if self.line else file_name
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


def config_error(file_name: str, problems: Iterable[Problem]) -> ConfigError:
    """Build the error that lists every problem in file order, under the code of the first."""
    ordered = sorted(dict.fromkeys(problems), key=lambda problem: problem.line or 0)
    lines = [problem.describe(file_name) for problem in ordered]
    head = [] if len(lines) == 1 else [f"{file_name} has {len(lines)} errors:"]
    return ConfigError(
        "\n  ".join(head + lines),
        code=ordered[0].code,
        file=file_name,
        line=ordered[0].line,
        problems=[asdict(problem) for problem in ordered],
    )


def dotted(path: KeyPath) -> str:
    """Write a key path the way people say it: `sources[1].silver.primary_keys`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if part.isprintable() else ascii(part))
    return text
