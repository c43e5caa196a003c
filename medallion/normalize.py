"""Names, order and cleaning of columns on the way from Bronze to Silver.

Belongs here: renaming, ordering, and texts as keys compare them. Lives elsewhere: types
(`casting`), which columns Silver takes (`drift`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from medallion.errors import TerminalSourceError
from medallion.types import is_text

POSITION = "__position"
OPERATION = "__op"
_RESERVED = (POSITION, OPERATION)


def rename_columns(names: Sequence[str], rename_map: Mapping[str, str]) -> tuple[str, ...]:
    """Return the Silver names of Bronze's columns, in Bronze's order.

    Raises:
        TerminalSourceError: EXT003, for a name that is empty, reserved, or repeated, case aside.
    """
    renamed = tuple(rename_map.get(name, name) for name in names)
    twice = sorted(name for name, count in Counter(renamed).items() if count > 1)
    if twice:
        _refuse(f"two columns are called {', '.join(twice)}: correct silver.schema.rename_map")
    folded = Counter(name.lower() for name in renamed)
    alike = sorted(name for name in renamed if folded[name.lower()] > 1)
    if alike:
        _refuse(f"{', '.join(alike)} differ in case only: rename one in silver.schema.rename_map")
    if "" in renamed:
        _refuse("a column has no name: name it in the source")
    reserved = sorted(set(renamed) & set(_RESERVED))
    if reserved:
        _refuse(f"{', '.join(reserved)} is reserved: rename it in silver.schema.rename_map")
    return renamed


def order_columns(names: Iterable[str], *preferences: Iterable[str]) -> tuple[str, ...]:
    """Return the names in the order of the preferences, one after another; the rest follows."""
    present = list(names)
    wanted = [name for preference in preferences for name in preference]
    return tuple(name for name in dict.fromkeys([*wanted, *present]) if name in set(present))


def absent_names(wanted: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """Return what is wanted but not there, in the order it is wanted."""
    present = set(names)
    return tuple(name for name in wanted if name not in present)


def normalize_text(
    values: pa.Array, *, trim_strings: bool = False, empty_strings_as_null: bool = False
) -> pa.Array:
    """Clean a column of texts; any other column, nested ones too, is returned as it is.

    White space is what Unicode calls so. Trimming comes first, so that a blank text is empty.
    """
    if not is_text(values.type):
        return values
    if trim_strings:
        values = pc.utf8_trim_whitespace(values)
    if empty_strings_as_null:
        is_empty = pc.equal(values, pa.scalar("", values.type))
        values = pc.if_else(is_empty, pa.scalar(None, values.type), values)
    return values


def _refuse(why: str) -> NoReturn:
    raise TerminalSourceError(f"the columns cannot become Silver: {why}", code="EXT003")
