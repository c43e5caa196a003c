"""Pieces of SQL text that every fold needs.

Belongs here: quoting, column lists, comparisons without the three-valued trap of `=`.
Lives elsewhere: what is compared and why (the fold of each model).
"""

from collections.abc import Iterable


def quote(name: str) -> str:
    """Quote an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text value."""
    return "'" + text.replace("'", "''") + "'"


def listed(names: Iterable[str], alias: str = "") -> str:
    """List columns, of one relation if `alias` names it."""
    prefix = f"{alias}." if alias else ""
    return ", ".join(prefix + quote(name) for name in names)


def equal(names: Iterable[str], left: str, right: str) -> str:
    """Compare columns of two relations; null equals null and NaN equals NaN."""
    tests = [f"{left}.{quote(n)} IS NOT DISTINCT FROM {right}.{quote(n)}" for n in names]
    return "(" + (" AND ".join(tests) or "TRUE") + ")"


def matched(names: Iterable[str], left: str, right: str) -> str:
    """Join two relations on columns that are never null."""
    return " AND ".join(f"{left}.{quote(n)} = {right}.{quote(n)}" for n in names)


def union(*selects: str) -> str:
    """Stack relations by column name: types widen, columns that one lacks are null."""
    return " UNION ALL BY NAME ".join(f"({select})" for select in selects if select)


def count(relation: str, where: str = "") -> str:
    """Count rows, as a scalar expression."""
    return f"(SELECT count(*) FROM {relation}{f' WHERE {where}' if where else ''})"
