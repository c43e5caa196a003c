"""The kinds of value that a configuration holds, and the base of its sections.

Belongs here: strict field types and how a refused value is told to people.
Lives elsewhere: the sections themselves (`platform`, `source`, `silver`, `models`).
"""

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from medallion.config.templates import render_path
from medallion.errors import ConfigError
from medallion.partition import check_name

Item = TypeVar("Item")
Compression = Literal["zstd", "snappy", "gzip", "lz4", "none"]


class Section(BaseModel):
    """A mapping of the file: exact types, no unknown keys, never changed after reading."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _read_empty_as_defaults(cls, data: object) -> object:
        """Accept a section whose every key is commented out."""
        return {} if data is None else data


def derived(default: object, **constraints: Any) -> Any:
    """Declare a field whose default depends on other keys; the schema then shows no default."""
    return Field(default, json_schema_extra=_hide_default, **constraints)


def only(available: str, *, later: tuple[object, ...]) -> BeforeValidator:
    """Refuse, in words, the choices that this version does not have."""

    def check(value: object) -> object:
        if isinstance(value, str | bool) and value in later:
            word = str(value).lower()
            raise field_error(
                "CFG004", f"{word} is not available in this version; available: {available}"
            )
        return value

    return BeforeValidator(check)


def field_error(code: str, message: str) -> PydanticCustomError:
    """Build the error of one field under a code of `errors.CODES`."""
    return PydanticCustomError(code, "{message}", {"message": message})


def checked(check: Callable[[str, str], object]) -> AfterValidator:
    """Make `check(value, key)`, which raises ConfigError, a validator that keeps the value."""

    def validate(value: str, info: ValidationInfo) -> str:
        try:
            check(value, info.field_name or "value")
        except ConfigError as error:
            raise field_error(error.code, str(error)) from None
        return value

    return AfterValidator(validate)


def _hide_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def _check_root(value: str, key: str) -> None:
    if "{run_date" in value:
        raise ConfigError(f"{key} is the same for every run date: take {{run_date}} out")


def _tuple_of_list(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _unique(values: tuple[Item, ...]) -> tuple[Item, ...]:
    twice = sorted({str(value) for value in values if values.count(value) > 1})
    if twice:
        raise field_error("CFG004", f"names {', '.join(twice)} twice; keep one")
    return values


Text = Annotated[str, StringConstraints(min_length=1)]
Char = Annotated[str, StringConstraints(min_length=1, max_length=1)]
PathName = Annotated[str, checked(check_name)]
RootPath = Annotated[Text, checked(_check_root)]
PathTemplate = Annotated[Text, checked(lambda value, _key: render_path(value, dt.date(2000, 1, 1)))]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_tuple_of_list)]
AnyTexts = Annotated[tuple[str, ...], BeforeValidator(_tuple_of_list)]
UniqueTexts = Annotated[tuple[Text, ...], BeforeValidator(_tuple_of_list), AfterValidator(_unique)]
PositiveInt = Annotated[int, Field(ge=1)]
Percent = Annotated[float, Field(ge=0, le=100)]
