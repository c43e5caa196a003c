"""A small valid configuration, and ways to change and read it."""

from typing import Any

import yaml

from medallion.config.loader import parse_config
from medallion.config.models import DatasetConfig
from medallion.config.nesting import put_at
from medallion.errors import ConfigError


def example(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the smallest dataset with the values of dotted keys changed."""
    data: dict[str, Any] = {
        "source": {"type": "file", "system": "crm", "table": "orders", "file": {"path": "a.csv"}},
        "silver": {},
    }
    for key, value in (changes or {}).items():
        put_at(data, tuple(key.split(".")), value)
    return data


def read(data: dict[str, Any], **arguments: Any) -> DatasetConfig:
    """Read the one dataset of a file."""
    (dataset,) = parse_config(yaml.safe_dump(data), "orders.yaml", **arguments)
    return dataset


def problems_of(error: ConfigError) -> list[tuple[str, str]]:
    """Return code and key of every problem."""
    problems = error.facts["problems"]
    assert isinstance(problems, list)
    return [(problem["code"], problem["key"]) for problem in problems]
