"""Text of a configuration file → checked datasets.

Belongs here: the order of reading: YAML, shared sections, old keys, models, rules between keys.
Lives elsewhere: each of those steps, and reading the file (`tasks`).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from medallion.config.contradictions import find_collisions, find_contradictions
from medallion.config.legacy import move_legacy_keys
from medallion.config.models import DatasetConfig, Notifications
from medallion.config.nesting import put_at
from medallion.config.origins import Origins
from medallion.config.platform import Platform
from medallion.config.problems import KeyPath, config_error
from medallion.config.silver import DEFAULT_MODELS, Silver
from medallion.config.source import Source
from medallion.config.splitting import Draft, split_file
from medallion.config.strict_yaml import load_yaml
from medallion.config.validation import AnySection, Refusal, validate_section
from medallion.manifest_json import canonical_json


def parse_config(
    text: str, file_name: str, overrides: Mapping[str, object] | None = None
) -> tuple[DatasetConfig, ...]:
    """Read one dataset, or every entry of `sources` laid over the shared sections.

    Args:
        text: The file.
        file_name: How messages name the file.
        overrides: Values by dotted key (`source.run.load_pattern`) that the command line or a flow
            parameter puts over every dataset of the file.

    Raises:
        ConfigError: One error that lists every problem with line, key and what to change. Its code
            is that of the first; `facts["problems"]` holds all of them.
    """
    document = load_yaml(text, file_name)
    drafts, refusals = split_file(document.data)
    problems = [Origins(document.positions).problem(*refusal) for refusal in refusals]
    over: dict[KeyPath, object] = {
        tuple(key.split(".")): value for key, value in (overrides or {}).items()
    }
    datasets: list[DatasetConfig] = []
    for draft in drafts:
        reading = _read(draft, over)
        origins = Origins(document.positions, draft.base, reading.moves, frozenset(over))
        problems += [origins.problem(*refusal) for refusal in reading.refusals]
        if (dataset := reading.dataset(draft, file_name)) is not None:
            datasets.append(dataset)
    if not problems:
        problems = [
            Origins(document.positions).problem("CFG004", drafts[at].base, message)
            for at, message in find_collisions(datasets)
        ]
    if problems:
        raise config_error(file_name, problems)
    return tuple(datasets)


@dataclass
class _Reading:
    """The sections of one dataset as far as they could be read, and what is wrong with them."""

    platform: Platform | None = None
    source: Source | None = None
    silver: Silver | None = None
    notifications: Notifications | None = None
    refusals: list[Refusal] = field(default_factory=list)
    moves: Mapping[KeyPath, KeyPath] = field(default_factory=dict)

    def take(self, kind: type[AnySection], data: object, key: str) -> AnySection | None:
        """Validate one section, keeping what is wrong with it."""
        section, refusals = validate_section(kind, data, (key,))
        self.refusals += refusals
        return section

    def dataset(self, draft: Draft, file_name: str) -> DatasetConfig | None:
        """Return the dataset, if nothing is wrong with it."""
        if self.refusals or not (self.platform and self.source and self.notifications):
            return None
        return DatasetConfig(
            name=self.source.config_name,
            file_name=file_name,
            sha256=hashlib.sha256(canonical_json(draft.data)).hexdigest(),
            template=self.source,
            platform=self.platform,
            source=self.source,
            silver=self.silver,
            notifications=self.notifications,
        )


def _read(draft: Draft, overrides: Mapping[KeyPath, object]) -> _Reading:
    migration = move_legacy_keys(draft.data)
    data = migration.data
    for path, value in overrides.items():
        put_at(data, path, value)
    reading = _Reading(refusals=migration.refused, moves=migration.origins)
    reading.platform = reading.take(Platform, data.get("platform"), "platform")
    source = _fill_source(data.get("source"), reading.platform)
    reading.source = reading.take(Source, source, "source")
    if data.get("silver") is not None:
        silver = _fill_silver(data["silver"], reading.source)
        reading.silver = reading.take(Silver, silver, "silver")
    reading.notifications = reading.take(Notifications, data.get("notifications"), "notifications")
    found = find_contradictions(reading.platform, reading.source, reading.silver)
    reading.refusals += [("CFG004", path, message) for path, message in found]
    return reading


def _fill_source(data: object, platform: Platform | None) -> object:
    """Take the Parquet compression of the platform where the source names none."""
    run = data.get("run") if isinstance(data, dict) else None
    if platform is None or not isinstance(data, dict) or not isinstance(run, dict | None):
        return data
    compression = platform.bronze.output_defaults.parquet_compression
    return {**data, "run": {"parquet_compression": compression, **(run or {})}}


def _fill_silver(data: object, source: Source | None) -> object:
    """Name the entity after the table, and take the model of the load pattern."""
    if source is None or not isinstance(data, dict):
        return data
    return {
        "domain": source.system,
        "entity": source.table,
        "model": DEFAULT_MODELS[source.run.load_pattern],
        **data,
    }
