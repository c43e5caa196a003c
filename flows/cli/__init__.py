"""The `medallion` command: each verb is a thin door to a flow or to a reader of manifests.

Belongs here: arguments, exit codes, what is printed. Lives elsewhere: the work itself. Importing
this module loads the standard library and nothing else, so that `--help` answers at once.

Exit codes: 0 done, 1 failed, 2 bad usage or configuration.
"""

import os
import sys
from typing import NoReturn

from flows.cli.arguments import build_parser
from medallion.errors import CODES, MedallionError, OperatorError


def command() -> NoReturn:
    """Run the command as a process and end it at once.

    DuckDB's binding reports every object that a daemon thread, of which Prefect has several, keeps
    alive at the interpreter's end; what must be handed over has been by then.
    """
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main(arguments: list[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    options = build_parser().parse_args(arguments)
    from flows.cli.output import configure_logging, print_error

    configure_logging(options)
    try:
        if options.env_file:
            from tasks.datasets import load_env_file

            load_env_file(options.env_file)
        return int(options.verb(options))
    except MedallionError as error:
        print_error(options, error.code, str(error), error)
        return 2 if isinstance(error, OperatorError) else 1
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except KeyboardInterrupt:
        print_error(options, "ERR000", "interrupted", None)
        return 130
    except Exception as error:  # the last stop before the operator
        told = f"{type(error).__name__}: {error}. {CODES['ERR000']}"
        print_error(options, "ERR000", told, error)
        return 1
