"""Run the command as `python -m flows.cli`."""

import sys

from flows.cli import main

if __name__ == "__main__":
    sys.exit(main())
