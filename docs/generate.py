"""Write the reference pages from the code: `python docs/generate.py [--check]`.

Belongs here: which pages there are, code → their sections. Lives elsewhere: everything that is said
(docstrings, field descriptions, help texts), how it looks (`reference_parts`). With `--check`
nothing is written, and a stale page fails.
"""

import argparse
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from configuration_page import list_older_keys, list_sections
from reference_parts import code_block, describe_type, parse_docstring, table

from flows.bronze_extract import bronze_extract
from flows.cli.arguments import build_parser
from flows.pipeline import pipeline
from flows.run_datasets import run_datasets
from flows.silver_extract import silver_extract
from flows.verify import verify_partitions
from medallion import errors
from medallion.config.json_schema import config_schema
from medallion.manifest_schema import CHECKSUMS_SCHEMA, METADATA_SCHEMA
from medallion.results import PartitionResult

ROOT = Path(__file__).parent.parent
FLOWS = (bronze_extract, silver_extract, pipeline, run_datasets, verify_partitions)
NOTE = "*Written from the code by `make docs`: change it there.*"


def main() -> int:
    """Write or check every page and return the exit code."""
    parser = argparse.ArgumentParser(description="Write the reference pages from the code.")
    parser.add_argument("--check", action="store_true", help="fail when a page is stale")
    check = parser.parse_args().check
    stale = {path: text for path, text in pages().items() if not _is_current(path, text)}
    for path, text in stale.items():
        print(f"{'stale' if check else 'wrote'} {path.relative_to(ROOT)}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


def pages() -> dict[Path, str]:
    """Return the text of every generated file by its path."""
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
    return "\n".join([f"# {title}", "", NOTE, "", *lines]).rstrip() + "\n"


def _json(value: object) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _configuration() -> Iterator[str]:
    yield from (
        "One YAML file describes one dataset; with `sources` it describes several that share the",
        "other sections. The file is read strictly: an unknown key, a key that is there twice, an",
        "alias, a value of another type or keys that contradict each other end the command with",
        "exit code 2 and a line that names file, line, key and the nearest valid key.",
        "",
        "Any text may hold `${VAR}` or `${VAR:-default}`; `$${` is a literal `${`. A name is made",
        "of up to 63 ASCII letters, digits, `_` and `-`, because it becomes part of a path.",
        "For editors, `configs/dataset.schema.json` holds what `medallion schema config` prints: a",
        "JSON Schema. What is marked *planned* is read and checked, and has no effect yet.",
        "",
    )
    yield from list_sections()
    yield from list_older_keys()


def _commands() -> Iterator[str]:
    parser = build_parser()
    group = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    flags = {name: _flags(verb) for name, verb in group.choices.items()}
    common = [one for one in flags["run"] if all(one in rows for rows in flags.values())]
    yield from (parser.description or "", "")
    yield from ("Each verb is a thin door to a [flow](flows.md) or to a reader of manifests.", "")
    yield from code_block("text", (parser.epilog or "").strip())
    yield from ("## Flags of every verb", "", *table(("flag", "default", "meaning"), common))
    for name, verb in group.choices.items():
        own = [one for one in flags[name] if one not in common]
        yield from (f"## {name}", "", verb.description or "", "")
        yield from table(("flag", "default", "meaning"), own)


def _flags(parser: argparse.ArgumentParser) -> list[tuple[str, str, str]]:
    actions = [a for a in parser._actions if not isinstance(a, argparse._HelpAction)]
    return [(_flag_name(a), _flag_default(a), a.help or "") for a in actions]


def _flag_name(action: argparse.Action) -> str:
    values = ",".join(map(str, action.choices)) if action.choices else ""
    shown = action.metavar or (f"{{{values}}}" if values else action.dest.upper())
    if not action.option_strings:
        return f"`{shown}`"
    takes = action.nargs != 0
    return ", ".join(
        f"`{name} {shown}`" if takes else f"`{name}`" for name in action.option_strings
    )


def _flag_default(action: argparse.Action) -> str:
    if action.required and action.nargs != "*":
        return "required"
    return "" if action.default in (None, False, []) else f"`{action.default}`"


def _flows() -> Iterator[str]:
    yield "A flow's entrypoint is a module of the installed distribution, so a deployment needs no"
    yield "pull step. Parameters are the same in Python, in a deployment and in the Prefect UI."
    yield ""
    for flow in FLOWS:
        said = parse_docstring(inspect.getdoc(flow.fn) or "")
        hints, meanings = inspect.get_annotations(flow.fn), said.entries("Args")
        parameters = inspect.signature(flow.fn).parameters.values()
        yield from (f"## {flow.name}", "", said.summary, "")
        yield from (f"Entrypoint `{flow.fn.__module__}.{flow.fn.__name__}`.", "")
        yield from table(
            ("parameter", "type", "default", "meaning"),
            (
                (f"`{p.name}`", describe_type(hints[p.name]), _default(p), meanings[p.name])
                for p in parameters
            ),
        )
        yield from _raises(said.entries("Raises"))
        yield from said.block("Example")
    yield from _results()


def _default(parameter: inspect.Parameter) -> str:
    if parameter.default is inspect.Parameter.empty:
        return "required"
    return "" if parameter.default is None else f"`{json.dumps(parameter.default)}`"


def _raises(entries: dict[str, str]) -> Iterator[str]:
    if entries:
        yield from (f"Fails with `{kind}`: {meaning}" for kind, meaning in entries.items())
        yield ""


def _results() -> Iterator[str]:
    said = parse_docstring(inspect.getdoc(PartitionResult) or "")
    yield from ("## What a flow returns", "")
    yield "One result per partition, as an object in Python and, with `--log-format json`, as one"
    yield "line of JSON with the same keys."
    yield ""
    meanings = said.entries("Attributes")
    hints = inspect.get_annotations(PartitionResult)
    yield from table(
        ("key", "type", "meaning"),
        ((f"`{name}`", describe_type(hints[name]), text) for name, text in meanings.items()),
    )


def _errors() -> Iterator[str]:
    yield "An error is one line: `error CODE: what happened, where, and what to do`. Codes never"
    yield "change their meaning, so alerts can be routed by them. The command exits with 2 where a"
    yield "file, an argument or a block must be changed (`CFG…`, `BLK…`), else with 1. Only"
    yield "`EXT101` is retried, up to three times; no other error is cured by trying again at once."
    yield from ("", "| code | meaning |", "|---|---|")
    yield from (f"| `{code}` | {meaning} |" for code, meaning in errors.CODES.items())
    yield from ("", "In Python, each error is one of these classes; `code` and `facts` are", "")
    yield "attributes."
    yield ""
    yield from code_block("text", (errors.__doc__ or "").split("\n\n", 2)[2].rstrip())


def _manifests() -> Iterator[str]:
    yield "Every partition has two: UTF-8 JSON, keys sorted, paths relative to the partition."
    yield "`_checksums.json` is the commit record: what it lists is the partition, and"
    yield "[Layout](layout.md) shows how to read data through it. `medallion schema manifest` and"
    yield "`medallion schema metadata` print the JSON Schemas; a minor version may add keys."
    yield ""
    for schema in (CHECKSUMS_SCHEMA, METADATA_SCHEMA):
        name, _, about = schema["title"].partition(": ")
        yield from (f"## {name}", "", about[0].upper() + about[1:] + ".", "")
        rows = sorted(_keys("", schema), key=lambda row: row[0] not in _IDENTITY)
        yield from table(("key", "type", "meaning"), rows)
    yield "## Conservation"
    yield ""
    yield "Every row that was read is accounted for, and a partition in which the sum is wrong is"
    yield "never published (QUAL004). In Bronze, `stats.law` is `{read, written}`, which are equal."
    yield "In Silver, it has one account for the Bronze run date that was read:"
    yield ""
    yield from table(("term", "these rows …"), _terms())


def _keys(prefix: str, schema: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for key, part in schema["properties"].items():
        name = f"{prefix}{key}"
        inner, suffix = part, "."
        if part.get("type") == "array":
            inner, suffix = part.get("items", {}), "[]."
        if "oneOf" in part:
            inner = part["oneOf"][1]
        yield (f"`{name}`", _json_type(part), part.get("description", ""))
        if "properties" in inner:
            yield from _keys(name + suffix, inner)


def _json_type(schema: dict[str, Any]) -> str:
    if "oneOf" in schema:
        return f"{_json_type(schema['oneOf'][1])} or null"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("pattern") in _PATTERNS:
        return _PATTERNS[schema["pattern"]]
    kind = schema.get("type", "any")
    return _JSON_TYPES.get(kind, kind)


_IDENTITY = [f"`{key}`" for key in ("format_version", "layer", "dataset", "partition", "commit_id")]
_JSON_TYPES = {"string": "text", "array": "list", "boolean": "true or false"}
_PATTERNS = {
    "^[0-9a-f]{64}$": "64 hex digits",
    "^sha256:[0-9a-f]{64}$": "`sha256:` and 64 hex digits",
    "^[0-9a-f]{16}$": "16 hex digits",
}


def _terms() -> Iterator[tuple[str, str]]:
    law = CHECKSUMS_SCHEMA["else"]["properties"]["stats"]["properties"]["law"]
    for term, part in law["additionalProperties"]["properties"].items():
        yield (f"`{term}`", part["description"])


if __name__ == "__main__":
    sys.exit(main())
