"""A dataset with its references resolved.

Belongs here: every text value of a dataset → the same dataset without `${VAR}`.
Lives elsewhere: one reference (`references`); notifications, whose references may hold secrets
and are resolved where they are sent (`tasks`).
"""

from collections.abc import Mapping
from dataclasses import replace

from medallion.config.models import DatasetConfig
from medallion.config.problems import KeyPath, Problem, config_error, dotted
from medallion.config.references import resolve
from medallion.config.validation import AnySection, Refusal, validate_section
from medallion.errors import ConfigError


def resolve_dataset(config: DatasetConfig, environ: Mapping[str, str]) -> DatasetConfig:
    """Resolve the references of `platform`, `source` and `silver`.

    Raises:
        ConfigError: CFG006, naming file and key, where a reference has no value; any other
            configuration code where the value is not one that the key may hold.
    """
    refusals: list[Refusal] = []
    platform = _resolve_section(config.platform, "platform", environ, refusals)
    source = _resolve_section(config.source, "source", environ, refusals)
    silver = config.silver and _resolve_section(config.silver, "silver", environ, refusals)
    if refusals:
        raise config_error(
            config.file_name,
            [Problem(code, None, dotted(path), message) for code, path, message in refusals],
        )
    return replace(config, platform=platform, source=source, silver=silver)


def _resolve_section(
    section: AnySection, key: str, environ: Mapping[str, str], refusals: list[Refusal]
) -> AnySection:
    """Return the resolved section; where that is refused, the section as it was."""
    data = _resolve_value(section.model_dump(by_alias=True), (key,), environ, refusals)
    resolved, more = validate_section(type(section), data, (key,))
    refusals += more
    return resolved or section


def _resolve_value(
    value: object, path: KeyPath, environ: Mapping[str, str], refusals: list[Refusal]
) -> object:
    if isinstance(value, dict):
        return {
            key: _resolve_value(item, (*path, key), environ, refusals)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [
            _resolve_value(item, (*path, at), environ, refusals) for at, item in enumerate(value)
        ]
    if not isinstance(value, str):
        return value
    try:
        return resolve(value, environ)
    except ConfigError as error:
        refusals.append((error.code, path, str(error)))
        return value
