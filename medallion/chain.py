"""Which Silver partitions must be built, and why: the lake as a build system.

Belongs here: comparing what a partition was made from with what is there now. Lives elsewhere:
reading manifests (`tasks.lake`), building a partition (`tasks.promotion`).
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from medallion.config.silver import SilverModel

STATEFUL_MODELS: frozenset[SilverModel] = frozenset({"scd_type_1", "scd_type_2", "event_log"})
"""Models whose partition builds on the one before; the others read their own date only."""


@dataclass(frozen=True)
class BronzeFacts:
    """What a Bronze partition holds now."""

    content_digest: str
    row_count: int


@dataclass(frozen=True)
class SilverFacts:
    """What a Silver partition holds, and what it was made from.

    Attributes:
        content_digest: What it holds now.
        logic_digest: The configuration and fold version that made it.
        bronze_digest: Content of the Bronze partition that it read.
        base_date: Load date of the Silver partition that it was folded onto, if any.
        base_digest: Content of that partition.
        first_date: Date of the first Bronze partition in its fold, be it there or purged.
    """

    content_digest: str
    logic_digest: str
    bronze_digest: str
    base_date: dt.date | None = None
    base_digest: str | None = None
    first_date: dt.date | None = None


@dataclass(frozen=True)
class Chain:
    """One dataset's partitions by date.

    Attributes:
        bronze: Bronze partitions that are there; a purged one is missing.
        silver: Silver partitions that are there.
        logic_digest: What a promotion would use now.
        is_stateful: Whether a partition builds on the one before.
    """

    bronze: Mapping[dt.date, BronzeFacts]
    silver: Mapping[dt.date, SilverFacts]
    logic_digest: str
    is_stateful: bool

    @property
    def dates(self) -> list[dt.date]:
        """Every date of the chain: with Bronze, or with Silver whose Bronze was purged."""
        return sorted({*self.bronze, *self.silver})

    @property
    def settled_until(self) -> dt.date:
        """The oldest Silver date, if the Bronze that its fold began with was purged.

        What came before it is known from this partition alone, so no date up to it can be promoted
        again. Where nothing is lost, a date before all others.
        """
        oldest = min(self.silver, default=dt.date.min)
        first = self.silver[oldest].first_date if self.silver and self.is_stateful else None
        is_lost = first is not None and first < oldest and first not in self.bronze
        return oldest if is_lost else dt.date.min

    @property
    def open_dates(self) -> list[dt.date]:
        """Every date whose past is there: those that a promotion may have to catch up with."""
        return [date for date in self.dates if date >= self.settled_until]

    def base_of(self, date: dt.date) -> dt.date | None:
        """Return the date that `date` builds on: the chain's previous one."""
        if not self.is_stateful:
            return None
        return max((one for one in self.dates if one < date), default=None)

    def before(self, date: dt.date) -> dt.date | None:
        """Return the last date with a Silver partition before `date`, to compare schemas with."""
        return max((one for one in self.silver if one < date), default=None)

    def with_silver(self, date: dt.date, facts: SilverFacts) -> "Chain":
        """Return the chain after a promotion."""
        return replace(self, silver={**self.silver, date: facts})


def explain_staleness(chain: Chain, date: dt.date) -> str:
    """Say why the Silver partition of `date` is not what its inputs would give now; empty if it is.

    A purged Bronze input counts as holding.
    """
    facts = chain.silver.get(date)
    if facts is None:
        return "it was never promoted"
    if facts.logic_digest != chain.logic_digest:
        return "the configuration changed"
    bronze = chain.bronze.get(date)
    if bronze is not None and bronze.content_digest != facts.bronze_digest:
        return "its Bronze partition was republished"
    return _explain_base(chain, date, facts)


def find_stale(chain: Chain) -> dict[dt.date, str]:
    """Return every Silver partition that is stale, by date, with the reason.

    What builds on a stale partition is stale itself.
    """
    stale: dict[dt.date, str] = {}
    for date in sorted(chain.silver):
        reason = explain_staleness(chain, date)
        base = chain.base_of(date)
        if not reason and base in stale:
            reason = f"it builds on {base}, which is stale"
        if reason:
            stale[date] = reason
    return stale


def describe_neighbours(chain: Chain, target: dt.date) -> dict[str, list[str]]:
    """Say which other dates a promotion of `target` would promote, for a dry run."""
    dates = chain.open_dates if chain.is_stateful else []
    earlier = {date: explain_staleness(chain, date) for date in dates if date < target}
    first = [f"{date}: {reason}" for date, reason in earlier.items() if reason]
    later = [date.isoformat() for date in sorted(chain.silver) if date > target and dates]
    told = {"promotes first": first, "then re-promotes, if it changes": later}
    return {name: dates for name, dates in told.items() if dates}


def next_promotion(
    chain: Chain, target: dt.date, done: Iterable[dt.date], *, cascade: bool
) -> dt.date | None:
    """Return the next date to promote on the way to `target` and beyond, or None when all is done.

    First every earlier Bronze date that lacks its partition or whose partition is stale, in order;
    then `target`, whatever its state; then, with `cascade`, later partitions that exist and became
    stale. Ask again after each promotion: one that changed nothing leaves nothing stale behind it.
    """
    finished = set(done)
    for date in sorted({*chain.open_dates, target}) if chain.is_stateful else [target]:
        if date in finished:
            continue
        if date < target and explain_staleness(chain, date):
            return date
        if date == target:
            return date
        if date > target and cascade and date in chain.silver and explain_staleness(chain, date):
            return date
    return None


def find_unbuildable(chain: Chain, target: dt.date, *, cascade: bool) -> list[dt.date]:
    """Return the dates that a promotion of `target` cannot do without, but whose Bronze is gone.

    They are `target` itself, partitions that are stale whatever comes of others, and the first date
    of a fold that would have to begin anew.
    """
    if target not in chain.bronze:
        return [target]
    purged = _purged(chain, target, cascade=cascade)
    stale = [date for date in purged if explain_staleness(chain, date)]
    oldest = chain.settled_until
    begins_anew = target <= oldest or (oldest in chain.silver and explain_staleness(chain, oldest))
    first = chain.silver[oldest].first_date if begins_anew else None
    return [*([first] if first else []), *stale]


def find_purged_after(
    chain: Chain, date: dt.date, target: dt.date, *, cascade: bool
) -> list[dt.date]:
    """Return the dates that could not follow if the partition of `date` changed."""
    return [one for one in _purged(chain, target, cascade=cascade) if one > date]


def _purged(chain: Chain, target: dt.date, *, cascade: bool) -> list[dt.date]:
    """Return the dates in the scope of a promotion that have Silver, but no Bronze any more."""
    if not chain.is_stateful:
        return []
    dates = sorted(chain.silver.keys() - chain.bronze.keys())
    return [date for date in dates if cascade or date <= target]


def _explain_base(chain: Chain, date: dt.date, facts: SilverFacts) -> str:
    base = chain.base_of(date)
    if date == chain.settled_until:
        return ""
    if base != facts.base_date:
        if base is None or (facts.base_date is not None and base < facts.base_date):
            return f"it builds on {facts.base_date}, which is gone"
        return f"Bronze of {base} arrived after it was promoted"
    if base is None:
        return ""
    now = chain.silver.get(base)
    if now is None:
        return f"it builds on {base}, which is gone"
    return "" if now.content_digest == facts.base_digest else f"{base} changed since"
