"""Write the reference pages from the code: `python docs/generate.py [--check]`.

Belongs here: code → Markdown. Lives elsewhere: everything that is said (docstrings, field
descriptions, help texts). With `--check` nothing is written, and a stale page fails.
"""

import argparse
import inspect
import json
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from flows.bronze_extract import bronze_extract
from flows.cli.arguments import build_parser
from flows.pipeline import pipeline
from flows.run_datasets import run_datasets
from flows.silver_extract import silver_extract
from flows.verify import verify_partitions
from medallion import errors
from medallion.config.json_schema import config_schema
from medallion.config.models import ConfigFile
from medallion.manifest_schema import CHECKSUMS_SCHEMA, METADATA_SCHEMA

ROOT = Path(__file__).parent.parent
FLOWS = (bronze_extract, silver_extract, pipeline, run_datasets, verify_partitions)


def main() -> int:
    """Write or check every page and return the exit code."""
    parser = argparse.ArgumentParser(description="Write the reference pages from the code.")
    parser.add_argument("--check", action="store_true", help="fail when a page is stale")
    check = parser.parse_args().check
    stale = [path for path, text in pages().items() if not _is_current(path, text)]
    for path in [] if check else stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pages()[path], encoding="utf-8")
    for path in stale:
        print(f"{'stale' if check else 'wrote'} {path.relative_to(ROOT)}")
    return 1 if check and stale else 0


def pages() -> dict[Path, str]:
    """Return the text of every generated page by its path."""
    reference = ROOT / "docs" / "reference"
    return {
        reference / "configuration.md": _page("Configuration", _configuration()),
        reference / "commands.md": _page("Commands", _commands()),
        reference / "flows.md": _page("Flows", _flows()),
        reference / "errors.md": _page("Errors", _errors()),
        reference / "manifests.md": _page("Manifests", _manifests()),
        ROOT / "configs" / "dataset.schema.json": _json(config_schema()),
    }


def _is_current(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def _page(title: str, lines: Iterator[str]) -> str:
    note = "Generated from the code by `make docs`; change it there."
    return "\n".join([f"# {title}", "", note, "", *lines]).rstrip() + "\n"


def _json(value: object) -> str:
    return json.dumps(value, indent=2, sort_keys=True) + "\n"


def _configuration() -> Iterator[str]:
    yield "One YAML file per dataset. `medallion schema config` prints the JSON Schema for editors."
    yield ""
    yield from _model("", ConfigFile)


def _model(prefix: str, model: type[BaseModel]) -> Iterator[str]:
    """Write a table of a section's keys, then the sections inside it."""
    heading = f"`{prefix}`" if prefix else "The file"
    yield from (f"## {heading}", "", inspect.getdoc(model) or "", "")
    yield from ("| key | type | default | meaning |", "|---|---|---|---|")
    inner: dict[str, type[BaseModel]] = {}
    for name, field in model.model_fields.items():
        key = field.alias or name
        section = _section(field.annotation)
        if section is not None:
            inner[f"{prefix}.{key}".lstrip(".")] = section
        kind = _type_name(field.annotation)
        yield f"| `{key}` | {kind} | {_default(field)} | {field.description or ''} |"
    yield ""
    for key, section in inner.items():
        yield from _model(key, section)


def _section(annotation: Any) -> type[BaseModel] | None:
    candidates = [annotation, *typing.get_args(annotation)]
    for inner in list(candidates):
        candidates += typing.get_args(inner)
    models = [one for one in candidates if inspect.isclass(one) and issubclass(one, BaseModel)]
    return models[0] if models else None


def _type_name(annotation: Any) -> str:
    if typing.get_origin(annotation) is typing.Annotated:
        return _type_name(typing.get_args(annotation)[0])
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is typing.Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        return " or ".join(_type_name(one) for one in arguments)
    if typing.get_origin(annotation) is tuple:
        return f"list of {_type_name(arguments[0])}"
    if typing.get_origin(annotation) is dict:
        return f"map of {_type_name(arguments[1])}"
    section = _section(annotation)
    names = {
        type(None): "null",
        str: "text",
        int: "integer",
        float: "number",
        bool: "true or false",
    }
    return "section" if section else names.get(annotation, "any")


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is PydanticUndefined or isinstance(value, BaseModel):
        return ""
    return f"`{json.dumps(value, default=list)}`"


def _commands() -> Iterator[str]:
    parser = build_parser()
    yield from ("```text", parser.format_help().rstrip(), "```", "")
    actions = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    for name, verb in actions.choices.items():
        yield from (f"## {name}", "", "```text", verb.format_help().rstrip(), "```", "")


def _flows() -> Iterator[str]:
    for flow in FLOWS:
        yield from (
            f"## {flow.name}",
            "",
            f"Entrypoint `{flow.fn.__module__}.{flow.fn.__name__}`.",
            "",
        )
        yield from (inspect.getdoc(flow.fn) or "").splitlines()
        yield ""


def _errors() -> Iterator[str]:
    yield "Each message says what happened, where, and what to do. Route alerts by the code."
    tree = (errors.__doc__ or "").split("\n\n", 2)[2].rstrip()
    yield from ("", "```text", tree, "```", "", "| code | meaning |", "|---|---|")
    for code, meaning in errors.CODES.items():
        yield f"| `{code}` | {meaning} |"


def _manifests() -> Iterator[str]:
    yield "`_checksums.json` is the only commit record: readers that follow it see one generation."
    for schema in (CHECKSUMS_SCHEMA, METADATA_SCHEMA):
        yield from ("", f"## {schema['title']}", "", "```json", _json(schema).rstrip(), "```")


if __name__ == "__main__":
    sys.exit(main())
