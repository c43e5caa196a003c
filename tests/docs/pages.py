"""Run a page of the documentation: its commands in order, and what they print.

Belongs here: taking a page apart, running it in a directory, forgetting what differs between runs.
Lives elsewhere: which pages are run (`test_pages`).

On a page, a fenced `bash` block is run; a `text` block right after it is what it prints, errors
included and log lines left out, where a line `…` stands for any lines. A block whose first line is,
for example, ```` ```yaml orders.yaml ```` is a file of that name.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(\w+)(?: +(\S+))?\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
_LOG_LINE = re.compile(r"\d\d:\d\d:\d\d (DEBUG|INFO|WARNING) .*\n")
_ELSEWHERE = ("make ", "git ", ". .venv/")
_MASKS = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?", "<time>"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<run>"),
    (r"[0-9a-f]{64}", "<digest>"),
    (r"\b[0-9a-f]{16}\b", "<commit>"),
    (r"\b\d+\.\d\d s\b", "<seconds>"),
    (r"[\d,.]+ (KiB|MiB|B)\b", "<size>"),
    (r"[\d,]+ +<time> +[0-9a-f]{12}", "<bytes> <time> <digest>"),
    (r'"size_bytes": \d+', '"size_bytes": <bytes>'),
    (r" +", " "),
)


@dataclass(frozen=True)
class Step:
    """One block of a page: a command with its output, or a file."""

    line: int
    command: str = ""
    output: str | None = None
    file_name: str = ""
    content: str = ""


def read_steps(page: Path) -> Iterator[Step]:
    """Yield the steps of a page in order."""
    text = page.read_text(encoding="utf-8")
    blocks = list(_FENCE.finditer(text))
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        line = text.count("\n", 0, block.start()) + 1
        language, name, body = block.groups()
        if name:
            yield Step(line, file_name=name, content=body)
        elif language == "bash":
            is_next = following is not None and not text[block.end() : following.start()].strip()
            shown = following[3] if following and is_next and following[1] == "text" else None
            yield Step(line, command=_leave_out(body), output=shown)


def run_step(step: Step, directory: Path, environment: Mapping[str, str]) -> str:
    """Write the step's file, or run its command, which must succeed, and return what it prints."""
    if step.file_name:
        path = directory / step.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(step.content, encoding="utf-8")
        return ""
    ran = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step.command],
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, f"line {step.line}: {step.command}{ran.stdout}"
    return _LOG_LINE.sub("", ran.stdout)


def environment_of(prefect_home: Path) -> dict[str, str]:
    """Return an environment with this interpreter's commands first, and a Prefect of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT")}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {
        **kept,
        "PATH": path,
        "PREFECT_HOME": str(prefect_home),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


def mask(text: str) -> str:
    """Replace times, ids, digests and sizes, which differ from run to run or by version."""
    for pattern, name in _MASKS:
        text = re.sub(pattern, name, text)
    return text.strip()


def shows(expected: str, printed: str) -> bool:
    """Tell whether a page shows what was printed; `…` stands for any lines."""
    lines = [
        "(?:.*\n)*?" if line.strip() == "…" else re.escape(line) + "\n"
        for line in mask(expected).split("\n")
    ]
    return re.fullmatch("".join(lines), mask(printed) + "\n") is not None


def _leave_out(command: str) -> str:
    """Leave out the lines that other tests run: installing, and all of `make`."""
    lines = command.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(_ELSEWHERE))
