"""The `medallion` command as a process: exit codes, streams, dry runs, secrets, help.

Belongs here: what an operator sees. Lives elsewhere: the flows behind it (`test_flows`), real days
of data (`tests/acceptance`).
"""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from flows.cli.arguments import build_parser
from tests.lakes import Lake, day

pytestmark = pytest.mark.xdist_group("command")

MEDALLION = Path(sys.executable).parent / "medallion"
ROWS = pa.table({"id": [1, 2, None], "name": ["a", "b", "c"]})
SILVER = {
    "model": "scd_type_1",
    "primary_keys": ["id"],
    "error_handling": {"enabled": True, "max_bad_records": 1},
}
DATE = str(day(1))
CANARY = "canary-4b1e77d09a"
HEAVY = {"prefect", "duckdb", "pyarrow", "pandas", "pandera", "pydantic", "yaml", "rich"}


class Shell:
    """Run the command in a folder, without a configured Prefect server."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.home = folder, home

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a verb and return what it printed."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
        return subprocess.run(
            [MEDALLION, *arguments],
            cwd=self.folder,
            env=environment | {"PREFECT_HOME": str(self.home), "DO_NOT_TRACK": "1"},
            capture_output=True,
            text=True,
        )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One Prefect home for all tests: making its database is the slowest part of a run."""
    return tmp_path_factory.mktemp("shared") / "home"


@pytest.fixture
def shell(tmp_path: Path, home: Path) -> Shell:
    return Shell(tmp_path, home)


@pytest.fixture
def config(tmp_path: Path) -> str:
    """A dataset with one delivered day, and one bad row in it."""
    lake = Lake(tmp_path, SILVER)
    lake.deliver(day(1), ROWS)
    return str(lake.write_config())


def tree(folder: Path) -> set[str]:
    """Everything below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def change(config: str, old: str, new: str) -> None:
    text = Path(config).read_text(encoding="utf-8")
    assert old in text
    Path(config).write_text(text.replace(old, new), encoding="utf-8")


def told(ran: subprocess.CompletedProcess[str], code: str, exit_code: int) -> str:
    """Assert that a run failed with one line, and return it."""
    assert ran.returncode == exit_code, ran.stderr
    assert ran.stdout == ""
    (line,) = ran.stderr.splitlines()
    assert line.startswith(f"error {code}: ")
    return line


def test_run_lands_promotes_and_verifies(shell: Shell, config: str) -> None:
    ran = shell("run", "--config", config, "--date", DATE)
    assert ran.returncode == 0, ran.stderr
    bronze, silver = ran.stdout.splitlines()
    assert bronze.startswith(f"bronze_shop.orders {DATE} published · 3 rows · 1 file")
    assert silver.startswith(f"silver_shop.orders {DATE} published · 2 rows · 2 files")
    assert "1 quarantined" in silver
    verified = shell("verify", "--config", config)
    assert (verified.returncode, verified.stderr) == (0, "")
    assert verified.stdout.startswith("ok: 2 partitions")
    (data,) = shell.folder.glob("bronze/**/*.parquet")
    data.write_bytes(data.read_bytes()[::-1])
    damaged = shell("verify", "--config", config)
    assert damaged.returncode == 1
    assert "DAMAGED STG002" in damaged.stdout


def test_json_logs_go_to_stderr_and_json_results_to_stdout(shell: Shell, config: str) -> None:
    ran = shell("run", "--config", config, "--date", DATE, "--log-format", "json")
    results = [json.loads(line) for line in ran.stdout.splitlines()]
    logs = [json.loads(line) for line in ran.stderr.splitlines()]
    assert [(one["layer"], one["status"]) for one in results] == [
        ("bronze", "published"),
        ("silver", "published"),
    ]
    assert {"time", "level", "logger", "message"} <= set.intersection(*map(set, logs))
    assert any(log["message"].startswith("published dataset=silver") for log in logs)


def test_failed_run_says_why_in_one_line(shell: Shell, config: str) -> None:
    ran = shell("bronze-extract", "--config", config, "--date", str(day(2)), "-q")
    assert "has the source delivered 2025-03-02?" in told(ran, "EXT001", 1)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], "CFG008"),
        (["promote"], "CFG008"),
        (["run", "--config", "CONFIG"], "CFG008"),
        (["run", "--date", DATE], "CFG008"),
        (["run", "--config", "CONFIG", "--date", DATE, "--confg", "x"], "CFG008"),
        (["run", "--config", "CONFIG", "--date", DATE, "--parallel-workers", "0"], "CFG008"),
        (["bronze-extract", "--config", "CONFIG"], "CFG008"),
        (["bronze-extract", "--date", DATE], "CFG008"),
        (["bronze-extract", "--config", "CONFIG", "--date", "2025-02-30"], "CFG008"),
        (["bronze-extract", "--config", "none.yaml", "--date", DATE], "CFG001"),
        (["status", "--config", "CONFIG", "--source-name", "other"], "CFG008"),
        (["status", "--config", "CONFIG", "--env-file", "none.env"], "CFG001"),
        (["verify"], "CFG008"),
        (["verify", "nowhere"], "CFG008"),
        (["schema", "diff", "one"], "CFG008"),
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_2(
    shell: Shell, config: str, arguments: list[str], code: str
) -> None:
    ran = shell(*(config if word == "CONFIG" else word for word in arguments))
    told(ran, code, 2)


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        ("primary_keys:", "primary_key:", "CFG002", "primary_keys"),
        ("model: scd_type_1", "model: scd_type_9", "CFG003", "scd_type_1"),
        ("system: shop", "system: ../shop", "CFG007", "system"),
        ("system: shop", "system: shop\n  system: shop", "CFG005", "system"),
        ("{run_date}", "${NOT_SET}", "CFG006", "NOT_SET"),
    ],
)
@pytest.mark.parametrize("verb", ["bronze-extract", "status"])
def test_wrong_configuration_exits_with_2(
    shell: Shell, config: str, verb: str, old: str, new: str, code: str, message: str
) -> None:
    change(config, old, new)
    date = ["--date", DATE] if verb == "bronze-extract" else []
    assert message in told(shell(verb, "--config", config, *date), code, 2)


def test_traceback_appears_with_v_only(shell: Shell, config: str) -> None:
    change(config, "primary_keys:", "primary_key:")
    ran = shell("status", "--config", config, "-v")
    assert ran.returncode == 2
    assert "Traceback (most recent call last)" in ran.stderr


@pytest.mark.parametrize("verb", ["bronze-extract", "silver-extract"])
def test_validate_only_leaves_nothing(shell: Shell, config: str, verb: str) -> None:
    before = tree(shell.folder)
    ran = shell(verb, "--config", config, "--date", DATE, "--validate-only")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "shop.orders is valid" in ran.stdout
    assert tree(shell.folder) == before


def test_dry_run_leaves_nothing(shell: Shell, config: str) -> None:
    before = tree(shell.folder)
    ran = shell("bronze-extract", "--config", config, "--date", DATE, "--dry-run")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith(f"bronze_shop.orders {DATE} dry_run · 3 rows")
    assert tree(shell.folder) == before


def test_silver_dry_run_leaves_nothing(shell: Shell, tmp_path: Path) -> None:
    lake = Lake(tmp_path, SILVER)
    lake.deliver(day(1), ROWS)
    lake.land(day(1))
    before = tree(shell.folder)
    run = ["silver-extract", "--config", str(lake.write_config()), "--date", DATE, "--dry-run"]
    ran = shell(*run, "-q")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "2 rows" in ran.stdout
    assert "1 quarantined" in ran.stdout
    assert tree(shell.folder) == before


def test_backends_are_listed_without_a_configuration(shell: Shell) -> None:
    ran = shell("bronze-extract", "--list-backends")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "local" in ran.stdout.splitlines()


@pytest.mark.parametrize(("boundary", "exit_code"), [("cloud", 2), ("onprem", 0)])
def test_onprem_scope_refuses_a_cloud(
    shell: Shell, tmp_path: Path, boundary: str, exit_code: int
) -> None:
    storage = {"platform": {"bronze": {"storage_metadata": {"boundary": boundary}}}}
    config = str(Lake(tmp_path, SILVER, changes=storage).write_config())
    run = ["bronze-extract", "--config", config, "--date", DATE, "--validate-only"]
    ran = shell(*run, "--storage-scope", "onprem")
    assert ran.returncode == exit_code
    assert ("error CFG004" in ran.stderr) is (boundary == "cloud")
    assert shell(*run).returncode == 0


def secret_lake(folder: Path) -> list[str]:
    """A dataset whose source lies where only an env file says; arguments that name both."""
    lake = Lake(folder, SILVER)
    lake.sources = folder / CANARY
    lake.sources.mkdir()
    lake.deliver(day(1), ROWS)
    lake.changes = {"source": {"file": {"path": "${WHERE}/{run_date}.parquet"}}}
    (folder / "prod.env").write_text(f"WHERE='{lake.sources}'\nPASSWORD={CANARY}\n")
    return ["--config", str(lake.write_config()), "--env-file", str(folder / "prod.env")]


def holds_canary(path: Path) -> bool:
    """Tell whether a file holds the canary, be it in the errors that Prefect pickles."""
    data = path.read_bytes()
    return CANARY.encode() in data or (
        path.parent.name == "storage" and CANARY.encode() in base64.b64decode(data)
    )


def test_values_of_an_env_file_are_used_and_never_told(shell: Shell) -> None:
    arguments = secret_lake(shell.folder)
    ran = shell("run", *arguments, "--date", DATE, "-v")
    failed = shell("run", *arguments, "--date", str(day(2)), "-v", "--log-format", "json")
    shown = shell("preview", *arguments, "--date", DATE)
    assert (ran.returncode, failed.returncode, shown.returncode) == (0, 1, 0), ran.stderr
    error = json.loads(failed.stderr.splitlines()[-1])
    assert error["message"].startswith("no file matches '***/2025-03-02.parquet'")
    assert "Traceback" in error["exception"]
    assert CANARY not in "".join(one.stdout + one.stderr for one in (ran, failed, shown))
    metadata = next(shell.folder.glob("bronze/**/_metadata.json")).read_text("utf-8")
    assert json.loads(metadata)["source"]["uri"] == "${WHERE}/{run_date}.parquet"
    kept = [*shell.home.rglob("*"), *shell.folder.glob("[bs]*/**/*")]
    assert {"prefect.db", "storage", "_metadata.json"} <= {path.name for path in kept}
    assert [path for path in kept if path.is_file() and holds_canary(path)] == []


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom flows.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "bronze-extract" in ran.stdout
    assert set(ran.stderr.split()) & HEAVY == set()


def verbs() -> dict[str, Any]:
    """The parser of every verb."""
    (choices,) = (a.choices for a in build_parser()._actions if isinstance(a.choices, dict))
    return choices


@pytest.mark.parametrize("verb", verbs())
def test_help_explains_every_argument(verb: str) -> None:
    parser = verbs()[verb]
    text = parser.format_help()
    for action in parser._actions:
        assert action.help
        assert action.option_strings == [] or action.option_strings[-1] in text
    assert parser.description in text
