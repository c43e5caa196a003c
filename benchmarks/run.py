"""The command: `python benchmarks/run.py [NAME…] [--repeats 3] [--scale 1.0] [--deep]`.

Belongs here: making the repository importable. Lives elsewhere: arguments and the order of work
(`benchmarks.command`).
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from benchmarks.command import main

    sys.exit(main())
