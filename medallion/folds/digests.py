"""Digests of rows and keys that stay the same for years.

Belongs here: the text form of typed values, the 128-bit digest of a row, the keyed hash of a key.
Lives elsewhere: who remembers them (`events`, and the folds under `deletes: erase`).

The engine's own `hash` may change with its version, so what the state keeps is MD5 (against
accidents) or HMAC-SHA256 (against guessing) over a text that this module defines: the non-null
columns by name, each with its length. A null says the same as a missing column, and a value says
the same in a wider type.
"""

import hashlib
from collections.abc import Iterable

from medallion.folds.sql import literal, quote

_HMAC_BLOCK = 64
_NESTED = ("STRUCT(", "MAP(", "UNION(")
# Adding zero turns -0.0 into 0.0, which is equal; whole numbers look like integers.
_REAL = "regexp_replace(CAST(CAST({} AS DOUBLE) + 0.0 AS VARCHAR), '[.]0$', '')"
_TEXTS = {
    "FLOAT": _REAL,
    "DOUBLE": _REAL,
    "TIMESTAMP WITH TIME ZONE": "CAST(make_timestamp(epoch_us({})) AS VARCHAR)",
    "TIMESTAMPTZ_NS": "CAST(make_timestamp_ns(epoch_ns({})) AS VARCHAR)",
    "BLOB": "hex({})",
}


def row_text(columns: Iterable[tuple[str, str]]) -> str:
    """Build the expression of a row's text from its columns and their types."""
    pieces = [_piece(name, kind) for name, kind in sorted(columns)]
    return "concat(" + ", ".join(pieces) + ")" if pieces else "''"


def key_hash(columns: Iterable[tuple[str, str]], secret: bytes) -> str:
    """Build the expression of HMAC-SHA256, as hex, over a key's text."""
    key = hashlib.sha256(secret).digest() if len(secret) > _HMAC_BLOCK else secret
    key = key.ljust(_HMAC_BLOCK, b"\0")
    inner, outer = (f"unhex('{bytes(b ^ pad for b in key).hex()}')" for pad in (0x36, 0x5C))
    return f"sha256({outer} || unhex(sha256({inner} || encode({row_text(columns)}))))"


def _piece(name: str, kind: str) -> str:
    text = _text(quote(name), kind)
    head = literal(quote(name))
    # A null makes the whole piece null, which concat() leaves out.
    return f"{head} || strlen({text}) || ':' || {text}"


def _text(column: str, kind: str) -> str:
    if kind.endswith("]") or kind.startswith(_NESTED):
        return f"CAST(to_json({column}) AS VARCHAR)"
    if kind.startswith("DECIMAL(") and not kind.endswith(",0)"):
        return f"rtrim(rtrim(CAST({column} AS VARCHAR), '0'), '.')"
    return _TEXTS.get(kind, "CAST({} AS VARCHAR)").format(column)
