"""The relations that a fold reads, in one shape.

Belongs here: `incoming` and the previous partition's artifacts as views with equal types, whatever
columns were added, dropped or widened in between.
Lives elsewhere: binding those relations to files (`tasks`), folding them (each model's module).
"""

from collections.abc import Iterable, Mapping

from medallion.folds.digests import key_hash
from medallion.folds.plan import Relation
from medallion.folds.spec import DELETED, VERSION_COLUMNS, FoldSpec
from medallion.folds.sql import listed, quote, union

Base = Mapping[str, tuple[str, ...]]
"""The previous partition's artifacts by name, with their columns; each is a relation `base_<name>`,
so `_deletes` is `base__deletes`."""

INCOMING = "fold_incoming"


def incoming_view(spec: FoldSpec, base: Base, order: str = "", *, hashed: bool = False) -> Relation:
    """Show the incoming rows with what a fold needs to know of each.

    The view has the business columns, `__position`, `__deleted`, `__order` (the order column, or
    the expression `order`; null without one) and, if `hashed`, `__key_hash`. Deletes that have no
    effect are left out. Types are those that hold the base's values too.
    """
    own = [*map(quote, spec.columns), "__position"] + ["__op"] * spec.has_ops
    rows = union(f"SELECT {', '.join(own)} FROM incoming", *_typing(spec, base))
    facts = [
        "__op = 'D' AS __deleted" if spec.has_ops else "FALSE AS __deleted",
        f"{order or order_expression(spec)} AS __order",
    ]
    if hashed:
        facts.append(f"{hash_expression(spec)} AS __key_hash")
    kept = " WHERE __op <> 'D'" if spec.has_ops and spec.deletes == "ignore" else ""
    select = f"SELECT {listed(spec.columns)}, __position, {', '.join(facts)} FROM ({rows}){kept}"
    return Relation(INCOMING, select)


def order_expression(spec: FoldSpec) -> str:
    """The order column, or a null that leaves the order to the position."""
    return quote(spec.order_column) if spec.order_column else "CAST(NULL AS BIGINT)"


def time_expression(spec: FoldSpec) -> str:
    """The order column as an instant: dates are midnight UTC, timestamps stay as they are."""
    if spec.order_column is None or spec.order_type is None:
        return f"CAST(NULL AS {time_type(spec)})"
    column = quote(spec.order_column)
    is_date = spec.type_of(spec.order_column) == "DATE"
    return f"make_timestamptz(epoch_us({column}))" if is_date else column


def run_instant(spec: FoldSpec) -> str:
    """The run date's midnight UTC, in the type of validity."""
    instant = f"TIMESTAMPTZ '{spec.run_date.isoformat()} 00:00:00+00'"
    if time_type(spec).startswith(("TIMESTAMP WITH", "TIMESTAMPTZ")):
        return f"CAST({instant} AS {time_type(spec)})"
    return f"CAST(TIMESTAMP '{spec.run_date.isoformat()} 00:00:00' AS {time_type(spec)})"


def time_type(spec: FoldSpec) -> str:
    """The type of `valid_from` and `valid_to`."""
    return spec.order_type or "TIMESTAMP WITH TIME ZONE"


def hash_expression(spec: FoldSpec) -> str:
    """The keyed hash of a row's key."""
    return key_hash([(name, spec.type_of(name)) for name in spec.keys], spec.erase_key)


def current_view(spec: FoldSpec, base: Base) -> Relation:
    """Show the base's current rows: business columns, `__deleted`, `__held`, validity in SCD2."""
    times = _validity(spec) if spec.model == "scd_type_2" else []
    return _base_view(spec, base, "current", [*times, "TRUE AS __held"])


def history_view(spec: FoldSpec, base: Base) -> Relation:
    """Show the base's versions: business columns, `__deleted`, `valid_from`, `valid_to`."""
    return _base_view(spec, base, "history", _validity(spec))


def suppressed_view(spec: FoldSpec, base: Base) -> Relation:
    """Show the base's events that opened no version: business columns, `__deleted`, `__order`."""
    return _base_view(spec, base, "_suppressed", [f"CAST(NULL AS {time_type(spec)}) AS __order"])


def deletes_view(spec: FoldSpec, base: Base, order: str = "__order") -> Relation:
    """Show the base's remembered deletes: keys and `__order`, of the type of `order`."""
    return _memory_view("_deletes", spec.keys, base, order)


def erased_view(base: Base, order: str = "__order") -> Relation:
    """Show the base's remembered erasures: `__key_hash` and `__order`, of the type of `order`."""
    return _memory_view("_erased", ("__key_hash",), base, order)


def business_columns(spec: FoldSpec) -> tuple[str, ...]:
    """The columns of a row that people read: business columns, and `_deleted` where marked."""
    return (*spec.columns, DELETED) if spec.marks_deleted else spec.columns


def dropped_columns(spec: FoldSpec, base: Base) -> bool:
    """Tell whether the base's versions have a column that the spec no longer has."""
    known = {name.lower() for name in (*spec.columns, DELETED, *VERSION_COLUMNS)}
    return any(name.lower() not in known for name in base.get("history", ()))


def _validity(spec: FoldSpec) -> list[str]:
    return [f"CAST(NULL AS {time_type(spec)}) AS {name}" for name in VERSION_COLUMNS[:2]]


def _base_view(spec: FoldSpec, base: Base, artifact: str, facts: list[str]) -> Relation:
    """Show an artifact of the base; `facts` types the columns that `incoming` does not have."""
    empty = (
        f"SELECT {listed(spec.columns)}, __deleted, {', '.join(facts)} FROM {INCOMING} WHERE FALSE"
    )
    if artifact not in base:
        return Relation(f"fold_{artifact}", empty)
    held = _shared(spec.columns, base[artifact])
    held.append(f"{DELETED if spec.marks_deleted else 'FALSE'} AS __deleted")
    names = [fact.rsplit(" AS ", 1)[1] for fact in facts]
    held += ["TRUE AS __held" if name == "__held" else name for name in names]
    return Relation(
        f"fold_{artifact}", union(empty, f"SELECT {', '.join(held)} FROM base_{artifact}")
    )


def _memory_view(artifact: str, key: tuple[str, ...], base: Base, order: str) -> Relation:
    own = f"SELECT {listed(key)}, {order} AS __order FROM {INCOMING} WHERE FALSE"
    held = f"SELECT {listed(key)}, __order FROM base_{artifact}" if artifact in base else ""
    return Relation(f"fold_{artifact}", union(own, held))


def _typing(spec: FoldSpec, base: Base) -> list[str]:
    """Select no rows of the base, to give the incoming rows types that hold its values too."""
    for artifact in ("history", "current"):
        if artifact in base and (shared := _shared(spec.columns, base[artifact])):
            return [f"SELECT {', '.join(shared)} FROM base_{artifact} WHERE FALSE"]
    return []


def _shared(columns: Iterable[str], held: Iterable[str]) -> list[str]:
    """Quote the columns that both have, under the name of the first."""
    names = {name.lower(): name for name in held}
    return [
        f"{quote(names[name.lower()])} AS {quote(name)}"
        for name in columns
        if name.lower() in names
    ]
