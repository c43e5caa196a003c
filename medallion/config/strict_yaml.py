"""YAML without surprises: a small, safe part of the language, with line numbers.

Belongs here: text → plain data and the line of every key. Only `true` and `false` are booleans;
`no`, `010`, `12:30:45` and dates stay text. Aliases, tags, merge keys and bombs are refused.
Lives elsewhere: what the data mean (`models`), reading files (`tasks`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from medallion.config.problems import KeyPath, Problem, config_error, dotted

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,38})")
_FLOAT = re.compile(r"(?=.*[.eE])[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
_UNWRITABLE = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Position:
    """The lines, from 1, of a key (or list item) and of its value."""

    key_line: int
    value_line: int


@dataclass(frozen=True)
class StrictDocument:
    """Plain data, and where each of its keys and list items stands."""

    data: object
    positions: Mapping[KeyPath, Position]


def load_yaml(text: str, file_name: str) -> StrictDocument:
    """Read one YAML document.

    Raises:
        ConfigError: CFG001 where it is not YAML, CFG005 where it uses what is refused.
    """
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        _refuse(file_name, 1, f"the file is larger than {MAX_BYTES} bytes; split it")
    node = _compose(text, file_name)
    builder = _Builder(file_name)
    return StrictDocument(None if node is None else builder.build(node, ()), builder.positions)


class _StrictLoader(yaml.SafeLoader):
    """Compose nodes, refusing what YAML has beyond mappings, lists and scalars."""

    def __init__(self, text: str, file_name: str) -> None:
        super().__init__(text)
        self.file_name = file_name
        self.depth = 0

    def compose_document(self) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if event.version or event.tags:
            _refuse(self.file_name, _line(event), "`%` directives are not allowed; remove them")
        return super().compose_document()

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            _refuse(self.file_name, _line(event), "anchors and aliases are not allowed; repeat it")
        if event.tag is not None:
            _refuse(self.file_name, _line(event), "`!` tags are not allowed; write plain values")
        if self.depth >= MAX_DEPTH and not isinstance(event, yaml.ScalarEvent):
            _refuse(self.file_name, _line(event), f"nested deeper than {MAX_DEPTH} levels")
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _compose(text: str, file_name: str) -> yaml.Node | None:
    try:
        return _StrictLoader(text, file_name).get_single_node()
    except yaml.composer.ComposerError as error:
        _refuse(file_name, _line_of_mark(error.problem_mark), "more than one YAML document")
    except yaml.MarkedYAMLError as error:
        line = _line_of_mark(error.problem_mark or error.context_mark)
        _refuse(file_name, line, f"not valid YAML: {error.problem}", code="CFG001")
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        _refuse(file_name, line, "not valid YAML: a control character", code="CFG001")
    except (ValueError, OverflowError):
        _refuse(file_name, 1, "not valid YAML: an escape that is no character", code="CFG001")


class _Builder:
    """Turn nodes into data, remembering lines."""

    def __init__(self, file_name: str) -> None:
        self.file_name = file_name
        self.positions: dict[KeyPath, Position] = {}

    def build(self, node: yaml.Node, path: KeyPath) -> object:
        if isinstance(node, yaml.MappingNode):
            return self._build_mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._build_item(item, (*path, at)) for at, item in enumerate(node.value)]
        if _UNWRITABLE.search(node.value):
            _refuse(self.file_name, _line(node), "NUL and surrogates are not allowed", dotted(path))
        # Only a plain scalar may be anything but text.
        return node.value if getattr(node, "style", None) else _scalar(node.value)

    def _build_item(self, node: yaml.Node, path: KeyPath) -> object:
        self.positions[path] = Position(_line(node), _line(node))
        return self.build(node, path)

    def _build_mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, object]:
        data: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            if key in data:
                first = self.positions[(*path, key)].key_line
                _refuse(
                    self.file_name,
                    _line(key_node),
                    f"the key appears twice; the first is on line {first}",
                    dotted((*path, key)),
                )
            self.positions[(*path, key)] = Position(_line(key_node), _line(value_node))
            data[key] = self.build(value_node, (*path, key))
        return data

    def _key(self, node: yaml.Node, path: KeyPath) -> str:
        """Return the text of a key: keys are never numbers, booleans or null."""
        if not isinstance(node, yaml.ScalarNode):
            message = "a key must be text; put values that start with `{` or `[` in quotes"
            _refuse(self.file_name, _line(node), message, dotted(path))
        key = str(node.value)
        if not key or _UNWRITABLE.search(key):
            _refuse(self.file_name, _line(node), "a key is empty or not text", dotted(path))
        if key == "<<" and not node.style:
            _refuse(self.file_name, _line(node), "merge keys are not allowed; repeat the values")
        return key


def _scalar(text: str) -> object:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        return text if number in (float("inf"), float("-inf")) else number
    return text


def _line(at: yaml.Node | yaml.Event) -> int:
    return _line_of_mark(at.start_mark)


def _line_of_mark(mark: Any) -> int:
    return 1 if mark is None else int(mark.line) + 1


def _refuse(
    file_name: str, line: int, message: str, key: str = "", code: str = "CFG005"
) -> NoReturn:
    raise config_error(file_name, [Problem(code, line, key, message)])
