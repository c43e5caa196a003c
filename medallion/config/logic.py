"""What of a configuration decides the result of a promotion.

Belongs here: the values whose digest says whether a Silver partition is still what its
configuration asks for. Lives elsewhere: the digest and the fold's version (the promotion).
"""

from typing import Any

from medallion.config.models import DatasetConfig

_DECISIVE = {
    "model",
    "primary_keys",
    "order_column",
    "cdc",
    "deletes",
    "tracked_columns",
    "normalization",
    "column_schema",
    "contract",
    "schema_drift",
    "error_handling",
    "partitioning",
    "write_parquet",
    "write_csv",
    "parquet_compression",
    "max_rows_per_file",
}
_FOR_PEOPLE = ("tags", "description")


def logic_digest_input(config: DatasetConfig) -> dict[str, Any]:
    """Return the values that decide Silver's bytes, as JSON; pass a resolved dataset.

    Where Silver lies, how the fold is cut and how much memory it takes leave the result as it is.
    So do a column's tags and description, and the guard on deletes. A contract in Python is here
    by name only: whoever loads it adds a digest of its code.

    Raises:
        ValueError: The dataset ends in Bronze.
    """
    if config.silver is None:
        raise ValueError(f"{config.name} has no silver section")
    data = config.silver.model_dump(mode="json", by_alias=True, include=_DECISIVE)
    for column in data["contract"]["columns"].values():
        for key in _FOR_PEOPLE:
            del column[key]
    return {"load_pattern": config.source.run.load_pattern, **data}
