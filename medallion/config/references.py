"""References to the environment inside text: `${VAR}` and `${VAR:-default}`.

Belongs here: text and a mapping in, text out; the text of an env file. `$${` is a literal `${`.
Lives elsewhere: the environment itself and Prefect blocks (`tasks`), dates in paths (`templates`,
filled in after the references).
"""

import re
from collections.abc import Mapping

from medallion.errors import ConfigError

_TOKEN = re.compile(
    r"(?P<escape>\$\$\{)"
    r"|(?P<block>\{\{\s*prefect\.blocks\.)"
    r"|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>(?:[^{}]|(?<!\$)\{[^{}]*\})*))?\}"
    r"|(?P<broken>\$\{)",
    re.ASCII,
)
_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)", re.ASCII)
_QUOTED = re.compile(r"""(?:'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)")\s*(?:#.*)?""")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def resolve(text: str, environ: Mapping[str, str]) -> str:
    """Replace every reference; what a variable holds is not looked at again.

    `${VAR:-default}` takes the default where the variable is unset or empty, as a shell does.

    Raises:
        ConfigError: CFG006, for an unset variable, a malformed reference, or a block reference.
    """
    return _TOKEN.sub(lambda token: _replacement(token, environ), text)


def parse_env_file(text: str) -> dict[str, str]:
    r"""Read `KEY=VALUE` lines: comments, `export`, quotes; the last of two equal keys wins.

    Single quotes keep everything; double quotes know `\n`, `\r`, `\t`, `\"` and `\\`; without
    quotes a ` #` starts a comment. Values are not expanded.

    Raises:
        ConfigError: CFG001, for any other line; the message names the line, never its content.
    """
    values: dict[str, str] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        value = None if match is None else _env_value(match["value"])
        if match is None or value is None:
            raise ConfigError(
                f"line {number} of the env file is not KEY=VALUE; check its name and quotes",
                code="CFG001",
                line=number,
            )
        values[match["name"]] = value
    return values


def _replacement(token: re.Match[str], environ: Mapping[str, str]) -> str:
    if token["escape"]:
        return "${"
    if token["block"]:
        raise ConfigError(
            "a `{{ prefect.blocks… }}` reference works only in notifications and in fields that "
            "hold secrets; use ${VAR} here",
            code="CFG006",
        )
    if token["broken"]:
        raise ConfigError(
            "a reference is malformed: write ${VAR} or ${VAR:-default}, and $${ for a literal ${",
            code="CFG006",
        )
    return _lookup(token["name"], token["default"], environ)


def _lookup(name: str, default: str | None, environ: Mapping[str, str]) -> str:
    value = environ.get(name)
    if default is not None:
        return value or default
    if value is None:
        raise ConfigError(
            f"the variable {name} is not set; set it, or write ${{{name}:-default}}",
            code="CFG006",
            variable=name,
        )
    return value


def _env_value(text: str) -> str | None:
    """Return the value of a line, or None where its quotes are broken."""
    if text[:1] in ("'", '"'):
        match = _QUOTED.fullmatch(text)
        if match is None:
            return None
        if match["single"] is not None:
            return match["single"]
        return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), match["double"])
    return re.sub(r"(?:^|\s+)#.*", "", text).rstrip()
