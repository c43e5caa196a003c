"""Which Silver partitions are stale, and in which order they are built."""

import datetime as dt
from dataclasses import replace

import pytest

from medallion.chain import (
    BronzeFacts,
    Chain,
    SilverFacts,
    explain_staleness,
    find_purged_after,
    find_stale,
    find_unbuildable,
    next_promotion,
)

DAYS = [dt.date(2025, 1, day) for day in range(10, 15)]
LOGIC = "logic"


def built_chain(days: list[dt.date], *, is_stateful: bool = True) -> Chain:
    """A chain in which every Bronze partition is promoted onto the one before."""
    silver = {
        day: SilverFacts(f"s{day}", LOGIC, f"b{day}", *(days[i - 1], f"s{days[i - 1]}"))
        if i and is_stateful
        else SilverFacts(f"s{day}", LOGIC, f"b{day}")
        for i, day in enumerate(days)
    }
    return Chain({day: BronzeFacts(f"b{day}", 1) for day in days}, silver, LOGIC, is_stateful)


def order(chain: Chain, target: dt.date, *, cascade: bool = True) -> list[dt.date]:
    """The dates in the order of their promotion, when every promotion changes its partition."""
    done: list[dt.date] = []
    while date := next_promotion(chain, target, done, cascade=cascade):
        base = chain.base_of(date)
        facts = SilverFacts(
            f"s{date}'",
            chain.logic_digest,
            chain.bronze[date].content_digest if date in chain.bronze else "purged",
            base,
            chain.silver[base].content_digest if base else None,
        )
        chain = chain.with_silver(date, facts)
        done.append(date)
    return done


def test_a_built_chain_has_nothing_stale() -> None:
    assert find_stale(built_chain(DAYS)) == {}


def test_a_late_date_makes_what_follows_stale() -> None:
    chain = built_chain([DAYS[0], DAYS[2], DAYS[3]])
    late = Chain({**chain.bronze, DAYS[1]: BronzeFacts("late", 1)}, chain.silver, LOGIC, True)
    assert list(find_stale(late)) == [DAYS[2], DAYS[3]]
    assert "arrived after" in explain_staleness(late, DAYS[2])
    assert order(late, DAYS[1]) == [DAYS[1], DAYS[2], DAYS[3]]


def test_a_republished_date_heals_itself_and_what_follows() -> None:
    chain = built_chain(DAYS)
    bronze = {**chain.bronze, DAYS[1]: BronzeFacts("other", 1)}
    resent = Chain(bronze, chain.silver, LOGIC, True)
    assert "republished" in explain_staleness(resent, DAYS[1])
    assert order(resent, DAYS[3]) == DAYS[1:]
    assert order(resent, DAYS[1], cascade=False) == [DAYS[1]]


def test_skipped_dates_are_caught_up_in_order() -> None:
    chain = built_chain(DAYS)
    skipped = Chain(chain.bronze, {DAYS[0]: chain.silver[DAYS[0]]}, LOGIC, True)
    assert order(skipped, DAYS[3]) == DAYS[1:4]


def test_an_unchanged_promotion_leaves_later_dates_alone() -> None:
    chain = built_chain(DAYS)
    assert next_promotion(chain, DAYS[1], [], cascade=True) == DAYS[1]
    assert next_promotion(chain, DAYS[1], [DAYS[1]], cascade=True) is None


def test_a_purged_input_counts_as_holding() -> None:
    chain = built_chain(DAYS)
    purged = Chain({DAYS[4]: chain.bronze[DAYS[4]]}, chain.silver, LOGIC, True)
    assert find_stale(purged) == {}
    assert purged.base_of(DAYS[4]) == DAYS[3]


def purged_chain(bronze_from: int, silver_from: int, logic: str = LOGIC) -> Chain:
    """A chain that began with the first day, of which older partitions were purged."""
    chain = built_chain(DAYS)
    silver = {day: replace(chain.silver[day], first_date=DAYS[0]) for day in DAYS[silver_from:-1]}
    return Chain({day: chain.bronze[day] for day in DAYS[bronze_from:]}, silver, logic, True)


@pytest.mark.parametrize(("bronze_from", "silver_from"), [(2, 2), (3, 2), (1, 2)])
def test_purged_dates_are_never_folded_anew(bronze_from: int, silver_from: int) -> None:
    chain = purged_chain(bronze_from, silver_from)
    assert chain.settled_until == DAYS[2]
    assert find_stale(chain) == {}
    assert find_unbuildable(chain, DAYS[4], cascade=True) == []
    assert order(chain, DAYS[4]) == [DAYS[4]]


@pytest.mark.parametrize("target", DAYS[1:3], ids=["late date", "oldest partition"])
def test_a_date_whose_past_was_purged_cannot_be_promoted(target: dt.date) -> None:
    chain = purged_chain(bronze_from=1, silver_from=2)
    assert find_unbuildable(chain, target, cascade=False) == [DAYS[0]]


def test_a_changed_configuration_needs_the_purged_past() -> None:
    chain = purged_chain(bronze_from=2, silver_from=2, logic="other")
    assert find_unbuildable(chain, DAYS[4], cascade=True) == [DAYS[0]]


def test_lost_silver_is_built_again_while_all_bronze_is_there() -> None:
    chain = purged_chain(bronze_from=0, silver_from=2)
    assert find_unbuildable(chain, DAYS[4], cascade=True) == []
    assert order(chain, DAYS[4]) == DAYS


def test_a_changed_configuration_makes_everything_stale() -> None:
    chain = built_chain(DAYS)
    changed = Chain(chain.bronze, chain.silver, "other", True)
    assert list(find_stale(changed)) == DAYS
    assert order(changed, DAYS[0]) == DAYS


@pytest.mark.parametrize("target", DAYS)
def test_a_stateless_model_builds_its_own_date_only(target: dt.date) -> None:
    assert order(built_chain(DAYS, is_stateful=False), target) == [target]


def test_a_date_without_bronze_is_still_asked_for() -> None:
    assert next_promotion(built_chain(DAYS[:1]), DAYS[3], [], cascade=True) == DAYS[3]


def test_what_must_be_built_but_lacks_bronze_is_known_beforehand() -> None:
    chain = built_chain(DAYS)
    bronze = {day: facts for day, facts in chain.bronze.items() if day != DAYS[2]}
    purged, changed = (Chain(bronze, chain.silver, logic, True) for logic in (LOGIC, "other"))
    assert find_unbuildable(purged, DAYS[4], cascade=True) == []
    assert find_unbuildable(purged, DAYS[2], cascade=True) == [DAYS[2]]
    assert find_unbuildable(changed, DAYS[0], cascade=True) == [DAYS[2]]
    assert find_unbuildable(changed, DAYS[0], cascade=False) == []


def test_purged_dates_that_build_on_a_date_are_known() -> None:
    chain = built_chain(DAYS)
    purged = Chain({DAYS[1]: chain.bronze[DAYS[1]]}, chain.silver, LOGIC, True)
    assert find_purged_after(purged, DAYS[1], DAYS[1], cascade=True) == DAYS[2:]
    assert find_purged_after(purged, DAYS[1], DAYS[3], cascade=False) == DAYS[2:4]
    stateless = built_chain(DAYS, is_stateful=False)
    assert find_purged_after(stateless, DAYS[0], DAYS[4], cascade=True) == []
