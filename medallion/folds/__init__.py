"""Folds: previous Silver state + one Bronze partition → next Silver state, as plans in SQL.

Belongs here: the choice of a plan by model; each model has a module of its own.
Lives elsewhere: binding a plan's relations to files and running it (`tasks`), what a dataset is
configured to be (`medallion.config`).

A plan reads `incoming` (validated rows of one run date: the spec's columns, `__position` BIGINT,
unique and in source order, and with operations `__op` VARCHAR: `I`, `U`, `D`), the previous
partition's artifacts as `base_<artifact>` (`base_current`, `base__deletes`), and, where the spec
says so, `rejected` (the keys of quarantined rows). They are read several times. Folds come in the
order of run dates; rows of the base are before all incoming rows. The session's time zone is UTC.
"""

from medallion.folds.changes import plan_changes
from medallion.folds.dedupe import plan_dedupe
from medallion.folds.events import plan_events
from medallion.folds.inputs import Base
from medallion.folds.plan import COUNTS, ArtifactPlan, FoldPlan, Relation
from medallion.folds.scd1 import plan_scd1
from medallion.folds.scd1_full import plan_scd1_full
from medallion.folds.scd2 import plan_scd2
from medallion.folds.scd2_full import plan_scd2_full
from medallion.folds.snapshot import plan_snapshot
from medallion.folds.spec import Deletes, FoldSpec

__all__ = [
    "COUNTS",
    "FOLDS_VERSION",
    "ArtifactPlan",
    "Base",
    "Deletes",
    "FoldPlan",
    "FoldSpec",
    "Relation",
    "plan_fold",
]

FOLDS_VERSION = 1
"""Part of the logic digest: raise it when a fold's result changes for the same inputs."""


def plan_fold(spec: FoldSpec, base: Base | None = None) -> FoldPlan:
    """Plan the fold of one run date.

    Args:
        spec: The dataset at the run date.
        base: The artifacts of the previous Silver partition, by name, with their columns; None or
            empty for the first run date. Models that read one run date alone ignore it.
    """
    held = base or {}
    match spec.model:
        case "periodic_snapshot":
            return plan_snapshot(spec)
        case "full_merge_dedupe":
            return plan_dedupe(spec)
        case "incremental_merge":
            return plan_changes(spec)
        case "event_log":
            return plan_events(spec, held)
        case "scd_type_1":
            return (plan_scd1_full if spec.is_full else plan_scd1)(spec, held)
        case "scd_type_2":
            return (plan_scd2_full if spec.is_full else plan_scd2)(spec, held)
