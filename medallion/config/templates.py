"""Dates in paths: `{run_date}` and `{run_date:%Y/%m/%d}`.

Belongs here: a template and a run date in, a path out; `{{` and `}}` are literal braces.
Lives elsewhere: `${VAR}` references, which are resolved first (`references`).
"""

import datetime as dt
import re

from medallion.errors import ConfigError

_TOKEN = re.compile(
    r"(?P<reference>\$+\{(?:[^{}]|\{[^{}]*\})*\}|\{\{\s*prefect\.blocks\.[^{}]*\}\})"
    r"|(?P<literal>\{\{|\}\})"
    r"|\{run_date(?::(?P<form>[^{}]+))?\}"
    r"|\{(?P<unknown>[^{}]*)\}?|(?P<stray>\})"
)
_FORM = re.compile(r"(?:[^%]|%[YmdyjGVuUWbBaAHMS%])+")


def render_path(template: str, run_date: dt.date) -> str:
    """Fill in the run date. A `${VAR}` that is still there stays, so that files can be checked.

    Raises:
        ConfigError: CFG003, for any other placeholder, an unknown `%` form or a single brace.
    """
    return _TOKEN.sub(lambda token: _replacement(token, run_date), template)


def _replacement(token: re.Match[str], run_date: dt.date) -> str:
    if token["reference"]:
        return token["reference"]
    if token["literal"]:
        return token["literal"][0]
    if token["unknown"] is not None or token["stray"]:
        name = token["unknown"] or ""
        raise ConfigError(
            f"the placeholder {{{name}}} is unknown: use {{run_date}} or {{run_date:%Y/%m/%d}}, "
            "and {{ or }} for literal braces",
            code="CFG003",
        )
    form = token["form"]
    if form is None:
        return run_date.isoformat()
    if _FORM.fullmatch(form) is None:
        raise ConfigError(
            f"the date form {form!r} is unknown: use forms such as %Y, %m and %d", code="CFG003"
        )
    return run_date.strftime(form)
