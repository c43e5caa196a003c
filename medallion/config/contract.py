"""The `silver.contract` section: the declared columns and checks of Silver.

Belongs here: what people write. Lives elsewhere: what a type's text and a check mean, which is
decided where contracts are compiled; thresholds for bad rows (`silver`).
"""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from medallion.config.fields import Section, Text, UniqueTexts

OnFail = Literal["quarantine", "fail", "warn"]
SchemaLocation = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*$"
    ),
]


class ContractColumn(Section):
    """What one Silver column promises."""

    type: Text = Field(description="Type that the column is cast to: `int64`, `decimal(18,2)`.")
    nullable: bool = Field(True, description="Whether null is a good value.")
    checks: dict[str, JsonValue] = Field(
        {}, description="Checks by name: `{ge: 0, isin: [a, b], str_matches: '^x', unique: true}`."
    )
    on_fail: OnFail = Field(
        "quarantine", description="What a bad value does: quarantine its row, fail, or warn."
    )
    format: Text | None = Field(
        None, description="strptime form of a text that becomes a date or a timestamp."
    )
    tags: UniqueTexts = Field(
        (), description="Labels; values under `pii` or `personal` are not shown in dry runs."
    )
    description: str = Field("", description="What the column holds, for catalogs.")


class Contract(Section):
    """The declared schema of Silver; where `columns` and `python` are given, both apply."""

    columns: dict[str, ContractColumn] = Field({}, description="The columns by name.")
    strict: bool = Field(
        False, description="Whether a column that is not declared is drift, from the first load on."
    )
    python: SchemaLocation | None = Field(
        None, description="A pandera schema of your own: `module:Schema`."
    )
