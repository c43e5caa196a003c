"""Nested mappings, addressed by key path.

Belongs here: get, put, pop, copy and deep merge of plain data.
Lives elsewhere: which keys there are (`models`, `legacy`).
"""

from typing import Any

from medallion.config.problems import KeyPath


def merge_deep(shared: object, own: object) -> object:
    """Lay one value over another, section by section; lists and scalars are replaced whole."""
    if not isinstance(shared, dict) or not isinstance(own, dict):
        return own
    merged = {key: merge_deep(value, own.get(key, value)) for key, value in shared.items()}
    return merged | {key: value for key, value in own.items() if key not in shared}


def copy_sections(value: Any) -> Any:
    """Copy the mappings; lists inside are shared, and never changed."""
    if isinstance(value, dict):
        return {key: copy_sections(item) for key, item in value.items()}
    return value


def get_at(data: Any, path: KeyPath) -> Any:
    """Return the value at a path, or None."""
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def pop_at(data: dict[str, Any], path: KeyPath) -> Any:
    """Remove and return the value at a path, or None."""
    section = get_at(data, path[:-1])
    return section.pop(path[-1], None) if isinstance(section, dict) else None


def put_at(data: Any, path: KeyPath, value: object) -> None:
    """Set the value at a path, making sections on the way.

    What stands where a section should be stays, to be refused when it is validated.
    """
    for key in map(str, path[:-1]):
        if not isinstance(data, dict):
            return
        if data.get(key) is None:
            data[key] = {}
        data = data[key]
    if isinstance(data, dict):
        data[str(path[-1])] = value
