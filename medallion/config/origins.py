"""Where in the file, or on the command line, the value of a key was written.

Belongs here: today's key path → the operator's key and line.
Lives elsewhere: lines of a document (`strict_yaml`), moves of old keys (`legacy`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from medallion.config.problems import KeyPath, Problem, dotted
from medallion.config.strict_yaml import Position


@dataclass(frozen=True)
class Origins:
    """How the keys of one dataset are found again.

    Attributes:
        positions: The lines of the document.
        base: Where the dataset's own keys stand; shared sections are at the top.
        moves: The old key that a value came from.
        overridden: Keys that the command line set.
    """

    positions: Mapping[KeyPath, Position]
    base: KeyPath = ()
    moves: Mapping[KeyPath, KeyPath] = field(default_factory=dict)
    overridden: frozenset[KeyPath] = frozenset()

    def problem(self, code: str, path: KeyPath, message: str) -> Problem:
        """Build the problem of a key, named as the operator wrote it."""
        if any(path[:length] in self.overridden for length in range(1, len(path) + 1)):
            return Problem(code, None, f"{dotted(path)} (from the command)", message)
        written, line = self._locate(path)
        return Problem(code, line, dotted(written), message)

    def _locate(self, path: KeyPath) -> tuple[KeyPath, int]:
        """Return the key as written and its line; for a missing key, the line of its section."""
        origin = self.moves.get(path, path)
        for full in ((*self.base, *origin), origin):
            if full in self.positions:
                return full, self.positions[full].key_line
        if not path:
            return self.base, 1
        section, line = self._locate(path[:-1])
        return (*section, path[-1]), line
