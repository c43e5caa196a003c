"""The flows on a real Prefect server: names, forms, artifacts, retries, dry runs.

Belongs here: what Prefect adds to the steps. Lives elsewhere: the steps themselves
(`test_lifecycle`, `test_promotion_*`), the command (`test_command`).
"""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, FlowRunFilter
from prefect.client.schemas.objects import Artifact, FlowRun

import flows.bronze_extract
from flows.bronze_extract import bronze_extract
from flows.pipeline import pipeline
from flows.run_datasets import run_datasets
from flows.silver_extract import silver_extract
from flows.verify import verify_partitions
from medallion.errors import (
    ChecksumMismatchError,
    QualityError,
    TerminalSourceError,
    TransientSourceError,
)
from tasks.extraction import extract_partition
from tasks.file_source import open_files
from tests.lakes import Lake, day

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.usefixtures("prefect_server")]

FLOWS: list[Flow[..., Any]] = [
    bronze_extract,
    silver_extract,
    pipeline,
    run_datasets,
    verify_partitions,
]
SILVER = {"model": "scd_type_1", "primary_keys": ["id"]}
HANDLING = {"error_handling": {"enabled": True, "max_bad_records": 9}}
ROWS = pa.table({"id": [1, 2, None], "name": ["a", "b", "c"]})


@pytest.fixture
def lake(memory_path: Path) -> Lake:
    """A delivered day, with one row that is bad in Silver."""
    lake = Lake(memory_path, {**SILVER, **HANDLING})
    lake.deliver(day(1), ROWS)
    return lake


def flow_run(state: Any) -> FlowRun:
    """Read the flow run that ended in a state."""
    with get_client(sync_client=True) as client:
        return client.read_flow_run(state.state_details.flow_run_id)


def artifacts(run_id: UUID, key: str | None = None) -> list[Artifact]:
    """Read the artifacts of a flow run."""
    wanted = ArtifactFilter(key=ArtifactFilterKey(any_=[key])) if key else None
    with get_client(sync_client=True) as client:
        return client.read_artifacts(
            artifact_filter=wanted, flow_run_filter=FlowRunFilter(id={"any_": [run_id]})
        )


def tree(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder: files with their content, and directories."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_every_parameter_explains_itself_in_the_form(flow: Flow[..., Any]) -> None:
    properties = flow.parameters.properties
    assert flow.description
    for name, field in properties.items():
        assert len(field.get("description", "")) > 10, name
        assert field.keys() & {"type", "anyOf", "enum", "$ref"}, name


@pytest.mark.parametrize(
    ("flow", "parameter", "expected"),
    [
        (bronze_extract, "dry_run", {"type": "boolean", "default": False}),
        (silver_extract, "cascade", {"type": "boolean", "default": True}),
        (pipeline, "layers", {"enum": ["both", "bronze", "silver"], "default": "both"}),
        (run_datasets, "parallel_workers", {"type": "integer", "default": 1}),
        (bronze_extract, "config", {"type": "string"}),
    ],
    ids=lambda value: value.name if isinstance(value, Flow) else None,
)
def test_form_offers_the_right_field(
    flow: Flow[..., Any], parameter: str, expected: dict[str, Any]
) -> None:
    field = flow.parameters.properties[parameter]
    assert expected.items() <= field.items()


def test_form_picks_dates() -> None:
    field = bronze_extract.parameters.properties["run_date"]
    assert {"type": "string", "format": "date"} in field["anyOf"]
    assert {"type": "null"} in field["anyOf"]


@pytest.mark.parametrize("dry_run", [False, True])
def test_run_name_tells_dataset_date_and_dry_run(lake: Lake, dry_run: bool) -> None:
    config = str(lake.write_config())
    state = bronze_extract(config, day(1), dry_run=dry_run, return_state=True)
    name = flow_run(state).name
    assert "orders" in name
    assert "2025-03-01" in name
    assert name.endswith("dry-run") is dry_run


def test_pipeline_names_all_of_its_runs(lake: Lake) -> None:
    lake.deliver(day(2), ROWS)
    state = pipeline(str(lake.write_config()), [day(1), day(2)], return_state=True)
    parent = flow_run(state)
    assert "2025-03-01, 2025-03-02" in parent.name
    layers = [result.layer for result in state.result()]
    assert layers == ["bronze", "silver", "bronze", "silver"]


def test_run_date_defaults_to_the_day_of_the_schedule_in_the_dataset_zone(lake: Lake) -> None:
    lake.changes = {"source": {"timezone": "Pacific/Kiritimati"}}
    zone = dt.timezone(dt.timedelta(hours=14))
    dates = [dt.datetime.now(zone).date() + dt.timedelta(days=days) for days in (0, 1)]
    for date in dates:
        lake.deliver(date, ROWS)
    assert bronze_extract(str(lake.write_config())).run_date in dates


def test_every_partition_leaves_a_report_and_rejects_leave_a_table(lake: Lake) -> None:
    state = silver_extract_after_landing(lake)
    (report,) = artifacts(state.state_details.flow_run_id, "silver-shop-orders")
    assert report.type == "markdown"
    assert "| quarantined | 1 |" in str(report.data)
    (table,) = artifacts(state.state_details.flow_run_id, "silver-shop-orders-rejects")
    assert table.type == "table"
    assert "null_key" in str(table.data)
    assert "'c'" not in str(table.data)


def silver_extract_after_landing(lake: Lake) -> Any:
    lake.land(day(1))
    return silver_extract(str(lake.write_config()), day(1), return_state=True)


def test_fan_out_shows_how_far_it_has_come(memory_path: Path) -> None:
    configs = [str(small_lake(memory_path / name).write_config()) for name in "ab"]
    state = run_datasets(configs, [day(1)], parallel_workers=2, return_state=True)
    assert len(state.result()) == 4
    found = artifacts(state.state_details.flow_run_id)
    (progress,) = [one for one in found if one.type == "progress"]
    assert progress.data == 100.0
    assert "2 of 2" in str(progress.description)


def small_lake(folder: Path) -> Lake:
    lake = Lake(folder, {**SILVER, **HANDLING})
    lake.deliver(day(1), ROWS)
    return lake


def test_a_failing_dataset_stops_none_of_the_others(
    memory_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lakes = [small_lake(memory_path / name) for name in "abcd"]
    for lake in lakes[1:3]:
        (lake.sources / f"{day(1)}.parquet").unlink()
    configs = [str(lake.write_config()) for lake in lakes]
    with pytest.raises(TerminalSourceError, match="no file matches"):
        run_datasets(configs, [day(1)], parallel_workers=2)
    published = [lake.partition(day(1)).exists() for lake in lakes]
    assert published == [True, False, False, True]
    told = [one.getMessage() for one in caplog.records if one.name == "flows.run_datasets"]
    assert len(told) == 2
    assert all("failed dataset=shop.orders error=no file matches" in line for line in told)


def failing(error: Exception, times: int) -> tuple[Callable[..., Any], list[int]]:
    """Return `open_files`, but for its first calls, and the list of calls."""
    calls: list[int] = []

    def open_or_fail(*arguments: Any) -> Any:
        calls.append(len(calls))
        if len(calls) <= times:
            raise error
        return open_files(*arguments)

    return open_or_fail, calls


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry at once."""
    task = extract_partition.with_options(retry_delay_seconds=0)
    monkeypatch.setattr(flows.bronze_extract, "extract_partition", task)


@pytest.mark.usefixtures("impatient")
def test_a_transient_source_error_is_retried(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    opener, calls = failing(TransientSourceError("the source is busy"), 2)
    monkeypatch.setattr("tasks.extraction.open_files", opener)
    result = bronze_extract(str(lake.write_config()), day(1))
    assert (result.status, result.row_count, len(calls)) == ("published", 3, 3)


@pytest.mark.usefixtures("impatient")
def test_a_transient_source_error_that_stays_ends_the_run(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener, calls = failing(TransientSourceError("the source is busy"), 99)
    monkeypatch.setattr("tasks.extraction.open_files", opener)
    with pytest.raises(TransientSourceError):
        bronze_extract(str(lake.write_config()), day(1))
    assert len(calls) == 4


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "error", [TerminalSourceError("it is malformed"), ValueError("a bug")], ids=repr
)
def test_other_errors_are_not_retried(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    opener, calls = failing(error, 99)
    monkeypatch.setattr("tasks.extraction.open_files", opener)
    with pytest.raises(type(error)):
        bronze_extract(str(lake.write_config()), day(1))
    assert len(calls) == 1


def test_a_failed_run_tells_why_and_publishes_nothing(lake: Lake) -> None:
    lake.silver["error_handling"] = {"enabled": True, "max_bad_records": 0}
    state = silver_extract_after_landing(lake)
    assert state.is_failed()
    assert "QualityError" in (state.message or "")
    assert "1 of 3 rows" in (state.message or "")
    assert not lake.partition(day(1)).exists()
    with pytest.raises(QualityError):
        state.result()


def test_bronze_dry_run_writes_nothing(lake: Lake) -> None:
    config = str(lake.write_config())
    before = tree(lake.folder)
    result = bronze_extract(config, day(1), dry_run=True)
    assert (result.status, result.row_count) == ("dry_run", 3)
    assert tree(lake.folder) == before


def test_pipeline_dry_run_previews_silver_once_bronze_is_there(lake: Lake) -> None:
    config = str(lake.write_config())
    before = pipeline(config, [day(1)], dry_run=True)
    assert [(one.layer, one.status) for one in before] == [("bronze", "dry_run")]
    lake.land(day(1))
    after = pipeline(config, [day(1)], dry_run=True)
    assert [(one.layer, one.row_count) for one in after] == [("bronze", 3), ("silver", 2)]


def test_silver_dry_run_writes_nothing(lake: Lake) -> None:
    lake.land(day(1))
    before = tree(lake.folder)
    (result,) = silver_extract(str(lake.write_config()), day(1), dry_run=True)
    assert (result.status, result.row_count, result.quarantined) == ("dry_run", 2, 1)
    assert tree(lake.folder) == before


def test_verify_flow_fails_on_damage_and_lists_it(lake: Lake) -> None:
    partition = Path(lake.land(day(1)).path)
    config = str(lake.write_config())
    assert verify_partitions([config]).partitions == 1
    (data,) = partition.glob("*.parquet")
    data.write_bytes(data.read_bytes()[:-1])
    state = verify_partitions([config], return_state=True)
    with pytest.raises(ChecksumMismatchError, match="1 findings"):
        state.result()
    (table,) = artifacts(state.state_details.flow_run_id, "verify-findings")
    assert data.name in str(table.data)
