"""The JSON Schema of configuration files, for editors.

Belongs here: models → one deterministic schema. Lives elsewhere: printing it (the command line),
rules that a schema cannot say (`contradictions`), old keys, which are read but not proposed.
"""

from typing import Any

from medallion.config.models import ConfigFile


def config_schema() -> dict[str, Any]:
    """Return the schema of a file with one dataset (`source`) or several (`sources`)."""
    schema: dict[str, Any] = _untitled(ConfigFile.model_json_schema(by_alias=True))
    one_of = [{"required": ["source"]}, {"required": ["sources"]}]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "oneOf": one_of,
    }


def _untitled(value: Any) -> Any:
    """Leave out the titles that pydantic makes of names; they say nothing new."""
    if isinstance(value, dict):
        return {
            key: _untitled(item)
            for key, item in value.items()
            if not (key == "title" and isinstance(item, str))
        }
    return [_untitled(item) for item in value] if isinstance(value, list) else value
