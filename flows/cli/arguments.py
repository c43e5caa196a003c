"""The arguments of every verb, and the help that teaches them.

Belongs here: names, defaults, one-line explanations. Lives elsewhere: what a verb does, loaded only
when it is called.
"""

import argparse
import importlib
from collections.abc import Callable

import medallion
from tasks.console import CommandParser

_PATTERNS = ("full", "cdc", "current_history")
_MODELS = (
    "scd_type_1",
    "scd_type_2",
    "incremental_merge",
    "full_merge_dedupe",
    "periodic_snapshot",
    "event_log",
)
_EPILOG = """\
examples:
  medallion bronze-extract --config configs/nycflights13/flights.yaml --date 2013-01-01
  medallion silver-extract --config configs/nycflights13/flights.yaml --date 2013-01-01 --dry-run
  medallion run --config configs/nycflights13/flights.yaml --date 2013-01-01 --date 2013-01-02
  medallion verify lake/bronze lake/silver
  medallion status --config configs/nycflights13/flights.yaml

exit codes: 0 done, 1 failed, 2 bad usage or configuration
"""

Parser = CommandParser


def build_parser() -> Parser:
    """Return the parser of the whole command."""
    parser = Parser(
        prog="medallion",
        description="Land sources as checksummed Bronze partitions and promote them to Silver.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"medallion {medallion.__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)

    def add(name: str, about: str, module: str, function: str) -> Parser:
        verb: Parser = verbs.add_parser(name, help=about, description=about)
        verb.set_defaults(verb=_lazily(module, function))
        _add_log_flags(verb)
        return verb

    _add_bronze(add("bronze-extract", "Land a source in Bronze.", "lake", "extract_bronze"))
    _add_silver(add("silver-extract", "Promote Bronze to Silver.", "lake", "extract_silver"))
    _add_run(add("run", "Land, then promote, each date in order.", "lake", "run"))
    _add_verify(add("verify", "Re-hash partitions against manifests.", "inspection", "verify"))
    _add_status(add("status", "Show partitions, freshness, staleness.", "inspection", "status"))
    _add_preview(add("preview", "Show a source's first rows and types.", "inspection", "preview"))
    _add_schema(add("schema", "Print JSON Schemas and schema diffs.", "inspection", "schema"))
    return parser


def _lazily(module: str, function: str) -> Callable[[argparse.Namespace], int]:
    def call(options: argparse.Namespace) -> int:
        verb = getattr(importlib.import_module(f"flows.cli.{module}"), function)
        return int(verb(options))

    return call


def _add_log_flags(parser: Parser) -> None:
    parser.add_argument("-v", "--verbose", action="store_true", help="debug logs and tracebacks")
    parser.add_argument("-q", "--quiet", action="store_true", help="errors only")
    parser.add_argument(
        "--log-format",
        choices=("human", "json", "simple"),
        default="human",
        help="logs go to stderr, results to stdout; json writes one object a line to both",
    )
    parser.add_argument(
        "--env-file",
        metavar="FILE",
        help="load KEY=VALUE lines for ${VAR}; values of 8 characters or more are hidden in output",
    )


def _add_config(parser: Parser, *, required: bool = True) -> None:
    parser.add_argument(
        "--config",
        action="append",
        required=required,
        default=[],
        metavar="FILE[,FILE…]",
        help="the datasets' YAML files; may be given more than once",
    )
    parser.add_argument("--source-name", metavar="NAME", help="one dataset of a file with several")


def _add_date(parser: Parser, *, required: bool = True, repeat: bool = False) -> None:
    parser.add_argument(
        "--date",
        required=required,
        metavar="YYYY-MM-DD",
        help="run date: the day that the partition is about" + ("; repeatable" if repeat else ""),
        **({"action": "append"} if repeat else {}),
    )


def _add_checks(parser: Parser, dry_run: str) -> None:
    parser.add_argument("--dry-run", action="store_true", help=dry_run)
    parser.add_argument("--validate-only", action="store_true", help="check configuration, no more")
    parser.add_argument(
        "--storage-scope",
        choices=("any", "onprem"),
        default="any",
        help="onprem refuses storage that is declared to be in a cloud",
    )


def _add_workers(parser: Parser) -> None:
    parser.add_argument(
        "--parallel-workers",
        type=_positive,
        default=1,
        metavar="N",
        help="datasets worked on side by side",
    )


def _add_bronze(parser: Parser) -> None:
    _add_config(parser, required=False)
    _add_date(parser, required=False)
    _add_checks(parser, "connect and read a sample; write nothing")
    _add_workers(parser)
    parser.add_argument(
        "--load-pattern", choices=_PATTERNS, help="override source.run.load_pattern"
    )
    parser.add_argument("--list-backends", action="store_true", help="list storage backends")


def _add_silver(parser: Parser) -> None:
    _add_config(parser)
    _add_date(parser)
    _add_checks(parser, "verify and validate inputs, show what would change; write nothing")
    _add_workers(parser)
    parser.add_argument("--bronze-path", metavar="DIR", help="Bronze root")
    parser.add_argument("--silver-base", metavar="DIR", help="Silver root")
    parser.add_argument(
        "--pattern", choices=("auto", *_PATTERNS), default="auto", help="load pattern"
    )
    parser.add_argument("--primary-key", metavar="A[,B…]", help="override silver.primary_keys")
    parser.add_argument("--order-column", metavar="NAME", help="override silver.order_column")
    parser.add_argument("--silver-model", choices=_MODELS, help="override silver.model")
    parser.add_argument(
        "--require-checksum",
        action=argparse.BooleanOptionalAction,
        help="verify Bronze files before they are read",
    )
    parser.add_argument("--no-cascade", action="store_true", help="leave later partitions stale")


def _add_run(parser: Parser) -> None:
    _add_config(parser)
    _add_date(parser, repeat=True)
    _add_workers(parser)


def _add_verify(parser: Parser) -> None:
    parser.add_argument("paths", nargs="*", metavar="PATH", help="partitions, or trees of them")
    _add_config(parser, required=False)
    parser.add_argument("--strict", action="store_true", help="fail on stale and purged inputs too")


def _add_status(parser: Parser) -> None:
    _add_config(parser)


def _add_preview(parser: Parser) -> None:
    _add_config(parser)
    _add_date(parser)
    parser.add_argument("--rows", type=_positive, default=10, metavar="N", help="rows to show")


def _add_schema(parser: Parser) -> None:
    parser.add_argument(
        "what", choices=("config", "manifest", "metadata", "diff"), help="which schema to print"
    )
    parser.add_argument(
        "partitions", nargs="*", metavar="PARTITION", help="for diff: two partition directories"
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number
