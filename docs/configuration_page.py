"""The page about configuration files, from the models that read them.

Belongs here: which sections there are, their keys, defaults and types. Lives elsewhere: what a key
means (the fields' descriptions), the page around it (`generate`).
"""

import json
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from reference_parts import describe_type, table

from medallion.config import fields, legacy
from medallion.config.models import ConfigFile

Sections = dict[type[BaseModel], str]
_NAMES = {
    fields.PathName.__metadata__[0]: "name",
    fields.PathTemplate.__metadata__[-1]: "path with dates",
    fields.RootPath.__metadata__[-1]: "path",
}


def list_sections() -> Iterator[str]:
    """Yield a heading and a table per section, under the shortest path that leads to it."""
    first: Sections = {ConfigFile: ""}
    for model in _breadth_first(ConfigFile, first):
        yield from _section(model, first)


def list_older_keys() -> Iterator[str]:
    """Yield the keys that are accepted from files of the older command-line system."""
    yield from ("## Older keys", "", "These are read as the keys of today.", "")
    moved = [(_code(old), _code(new)) for old, new in legacy._RENAMED]
    off = _code(("platform", "bronze", "storage_backend"))
    moved += [
        (_code(switch), f"{off}: true is `s3`, false is `local`") for switch in legacy._SWITCHES
    ]
    yield from table(("older key", "key"), moved)
    models = ((f"`{old}`", f"`{new}`") for old, new in legacy._MODELS.items())
    yield from table(("older `silver.model`", "model"), models)


def _breadth_first(top: type[BaseModel], first: Sections) -> list[type[BaseModel]]:
    """Give each section its shortest path, then list them parents first, in the order of keys."""
    for model in (found := [top]):
        for key, field in model.model_fields.items():
            if (inner := _inner(field)) and inner[0] not in first:
                path = f"{first[model]}.{field.alias or key}{inner[1]}"
                first[inner[0]] = path.lstrip(".")
                found.append(inner[0])
    return _depth_first(top, first, [])


def _depth_first(
    model: type[BaseModel], first: Sections, done: list[type[BaseModel]]
) -> list[type[BaseModel]]:
    done.append(model)
    for field in model.model_fields.values():
        inner = _inner(field)
        if inner and inner[0] not in done and _parent(first[inner[0]]) == first[model]:
            _depth_first(inner[0], first, done)
    return done


def _parent(path: str) -> str:
    return path.removesuffix(".<name>").rpartition(".")[0]


def _section(model: type[BaseModel], first: Sections) -> Iterator[str]:
    heading = f"`{first[model]}`" if first[model] else "The file"
    yield from (f"## {heading}", "", (model.__doc__ or "").strip(), "")
    rows = [
        (f"`{field.alias or key}`", _type(field, first), _default(field), field.description or "")
        for key, field in model.model_fields.items()
    ]
    yield from table(("key", "type", "default", "meaning"), rows)


def _inner(field: FieldInfo) -> tuple[type[BaseModel], str] | None:
    """Return the section that a field holds, and how its path goes on: in lists and maps."""
    return _find(field.annotation, "")


def _find(annotation: Any, suffix: str) -> tuple[type[BaseModel], str] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, suffix
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is tuple:
        return _find(arguments[0], "[]")
    if origin is dict:
        return _find(arguments[1], ".<name>")
    found = (_find(one, suffix) for one in arguments)
    return next((one for one in found if one is not None), None)


def _type(field: FieldInfo, first: Sections) -> str:
    if inner := _inner(field):
        path = first[inner[0]]
        anchor = "".join(letter for letter in path.lower() if letter.isalnum() or letter in "-_")
        kinds = {"": "section", "[]": "list of sections", ".<name>": "map of sections"}
        return f"[{kinds[inner[1]]}](#{anchor})"
    named = (name for validator, name in _NAMES.items() if validator in field.metadata)
    return next(named, None) or describe_type(field.annotation, field.metadata)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    is_derived = callable(field.json_schema_extra)  # the meaning says from what
    if field.default is None or is_derived or field.default_factory is not None:
        return ""
    if isinstance(field.default, str):
        return field.default and f"`{field.default}`"
    shown = json.dumps(field.default, default=list)
    return "" if shown in ("[]", "{}") else f"`{shown}`"


def _code(path: tuple[Any, ...]) -> str:
    return f"`{'.'.join(map(str, path))}`"
