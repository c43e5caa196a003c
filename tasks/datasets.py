"""Configuration files → datasets with their references resolved.

Belongs here: reading the files and the environment. Lives elsewhere: what a file may say
(`medallion.config`).
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from medallion.config.loader import parse_config
from medallion.config.models import DatasetConfig
from medallion.config.references import parse_env_file
from medallion.config.resolution import resolve_dataset
from medallion.errors import ConfigError
from tasks.redaction import hide_values


def load_datasets(
    files: Sequence[str],
    overrides: Mapping[str, object] | None = None,
    source_name: str | None = None,
) -> list[DatasetConfig]:
    """Read every dataset of the files, in order.

    Args:
        files: Paths of YAML files; each may be a comma-separated list.
        overrides: Values by dotted key, laid over every dataset.
        source_name: The only dataset to take.

    Raises:
        ConfigError: A file cannot be read or is wrong, or no dataset has the name.
    """
    names = [name for entry in files for name in entry.split(",") if name]
    datasets = [one for name in names for one in parse_config(_read(name), name, overrides)]
    if source_name is not None:
        datasets = [one for one in datasets if one.name == source_name] or _unknown(
            source_name, datasets
        )
    return [resolve_dataset(dataset, os.environ) for dataset in datasets]


def load_dataset(
    file: str, overrides: Mapping[str, object] | None = None, source_name: str | None = None
) -> DatasetConfig:
    """Read the one dataset of a file, or the named one of several.

    Raises:
        ConfigError: As `load_datasets`; CFG008, when the file holds several and none is named.
    """
    datasets = load_datasets([file], overrides, source_name)
    if len(datasets) != 1:
        names = ", ".join(dataset.name for dataset in datasets)
        raise ConfigError(f"{file} holds {names}: name one with source_name", code="CFG008")
    return datasets[0]


def load_env_file(file: str) -> dict[str, str]:
    """Put the variables of an env file into the environment, return them, and hide their values.

    Raises:
        ConfigError: CFG001, when the file cannot be read or a line is not `KEY=VALUE`.
    """
    values = parse_env_file(_read(file))
    hide_values(values.values())
    os.environ.update(values)
    return values


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"{file} cannot be read: {reason}", code="CFG001") from None


def _unknown(source_name: str, datasets: Sequence[DatasetConfig]) -> list[DatasetConfig]:
    known = ", ".join(dataset.name for dataset in datasets)
    raise ConfigError(f"no dataset is named {source_name!r}: there is {known}", code="CFG008")
