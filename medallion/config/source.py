"""The `source` section: what is read, and how it lands in Bronze.

Belongs here: keys of the domain team about extraction. Lives elsewhere: where Bronze is
(`platform`), what Silver makes of it (`silver`), rules between keys (`contradictions`).
"""

import re
import zoneinfo
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from medallion.config.fields import (
    AnyTexts,
    Char,
    Compression,
    PathName,
    PathTemplate,
    PositiveInt,
    Section,
    Text,
    UniqueTexts,
    derived,
    field_error,
    only,
)
from medallion.partition import LoadPattern

FileFormat = Literal["csv", "tsv", "json", "jsonl", "parquet"]
_FORMATS: dict[str, FileFormat] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
_COMPRESSED = (".gz", ".zst", ".zstd")
_REFERENCE_AT_END = re.compile(r"\$\{(?:[^{}]|\{[^{}]*\})*\}$")


class FileSource(Section):
    """Files of one table."""

    path: PathTemplate = Field(
        description="Path or glob; may hold `${VAR}`, `{run_date}` and `{run_date:%Y/%m/%d}`."
    )
    format: FileFormat = derived(
        "csv", description="Format of the files; by default from the path's suffix, else csv."
    )
    compression: Literal["auto", "none", "gzip", "zstd"] = Field(
        "auto", description="Compression of whole files; auto looks at the suffix."
    )
    delimiter: Char = derived(
        ",", description="Character between fields; by default a comma, and a tab for tsv."
    )
    quote_char: Char | None = Field(
        '"', description="Character around fields; null where files have no quoting."
    )
    encoding: Text = Field("utf-8", description="Encoding of text files.")
    has_header: bool = Field(True, description="Whether the first line names the columns.")
    fieldnames: UniqueTexts = Field(
        (), description="Names of the columns, in order; needed without a header."
    )
    columns: UniqueTexts = Field((), description="Columns to land; by default all.")
    types: dict[str, Text] = Field(
        {}, description="Type of a column where the inferred one is wrong: `{zip: string}`."
    )
    null_values: AnyTexts = Field(("",), description="Unquoted texts of a CSV file that mean null.")
    limit_rows: PositiveInt | None = Field(
        None, description="Land only the first rows, for trials."
    )
    json_path: Text | None = Field(
        None, description="Dotted path to the list of records inside a JSON document."
    )

    @model_validator(mode="before")
    @classmethod
    def _derive_defaults(cls, data: object) -> object:
        """Take the format from the path, and the delimiter from the format."""
        if not isinstance(data, dict):
            return data
        if "format" not in data and isinstance(data.get("path"), str):
            data = {**data, "format": _format_of(data["path"])}
        return {"delimiter": "\t" if data.get("format") == "tsv" else ",", **data}

    @field_validator("encoding")
    @classmethod
    def _check_encoding(cls, value: str) -> str:
        try:
            " ".encode(value)
        except (LookupError, ValueError):
            raise field_error("CFG003", "must be a text encoding, such as utf-8") from None
        return value


class RunSettings(Section):
    """How an extraction runs and what it writes."""

    load_pattern: LoadPattern = Field(
        "full",
        description="What a partition holds: the whole table (full), changes (cdc), or rows with "
        "their history (current_history).",
    )
    max_rows_per_file: PositiveInt = Field(1_000_000, description="Rows after which a file ends.")
    max_file_size_mb: float = Field(
        256.0, gt=0, description="Size, as written, after which a file ends, in MiB."
    )
    parallel_workers: PositiveInt = Field(1, description="Planned: files read side by side.")
    write_csv: bool = Field(False, description="Whether to write CSV copies beside Parquet.")
    write_parquet: bool = Field(True, description="Whether to write Parquet.")
    parquet_compression: Compression = derived(
        "zstd", description="Parquet compression; by default the platform's."
    )
    timeout_seconds: float = Field(
        30.0, gt=0, description="Planned: how long one request to the source may take."
    )
    cleanup_on_failure: bool = Field(
        True,
        deprecated=True,
        description="Accepted from older files; a failed run never leaves anything behind.",
    )


class Source(Section):
    """One table of one system."""

    type: Annotated[Literal["file"], only("file", later=("api", "db", "custom"))] = Field(
        description="Kind of source."
    )
    system: PathName = Field(description="System that the data come from: `crm`.")
    table: PathName = Field(description="Table of that system: `orders`.")
    config_name: Text = derived(
        "", description="Name of the dataset in logs and events; by default `<system>.<table>`."
    )
    owners: UniqueTexts = Field((), description="Who answers for the data: teams or addresses.")
    schedule: Text | None = Field(None, description="Planned: cron expression of its deployment.")
    timezone: Text = Field("UTC", description="IANA time zone of the schedule and its run dates.")
    description: str = Field("", description="What the table holds, for catalogs.")
    file: FileSource = Field(description="The files, for type `file`.")
    run: RunSettings = Field(default_factory=RunSettings, description="How an extraction runs.")

    @model_validator(mode="before")
    @classmethod
    def _derive_name(cls, data: object) -> object:
        """Name the dataset after its system and table."""
        if not isinstance(data, dict):
            return data
        name = f"{data.get('system')}.{data.get('table')}"
        return {"config_name": name, **data} if name.isprintable() else data

    @field_validator("config_name")
    @classmethod
    def _check_config_name(cls, value: str) -> str:
        if not value.isprintable():
            raise field_error("CFG003", "must be printable text on one line")
        return value

    @field_validator("timezone")
    @classmethod
    def _check_timezone(cls, value: str) -> str:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            message = "must be an IANA time zone, such as UTC or Europe/Paris"
            raise field_error("CFG003", message) from None
        return value


def _format_of(path: str) -> FileFormat:
    """Tell a file's format from its suffix, looking through a compression suffix."""
    pure = PurePosixPath(path)
    name = pure.stem if pure.suffix.lower() in _COMPRESSED else pure.name
    if _REFERENCE_AT_END.search(name):
        raise field_error("CFG004", "the path's suffix is inside a reference: set format")
    return _FORMATS.get(PurePosixPath(name).suffix.lower(), "csv")
