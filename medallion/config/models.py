"""A dataset's configuration as one value, and the shape of a file that holds one or several.

Belongs here: notifications, `sources` entries, the whole. Lives elsewhere: the sections
(`platform`, `source`, `silver`), reading (`loader`), rules between keys (`contradictions`).
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, Field

from medallion.config.fields import Section, Text, Texts
from medallion.config.platform import Platform
from medallion.config.silver import Silver
from medallion.config.source import Source


class Notifications(Section):
    """Who hears of a run; the command's flags add to these."""

    on_success: Texts = Field((), description="Planned: webhooks for runs that complete.")
    on_failure: Texts = Field((), description="Planned: webhooks for runs that fail.")
    catalog: Texts = Field((), description="Planned: catalogs that hear of every run.")


class SourceEntry(Section):
    """One dataset of a file with several."""

    name: Text | None = Field(
        None, description="The dataset's name; the same as `source.config_name`."
    )
    source: Source = Field(description="What is read.")
    silver: Silver | None = Field(
        None, description="What Bronze becomes, over the shared section; null for Bronze only."
    )


class ConfigFile(Section):
    """One dataset (`source`), or several that share sections (`sources`)."""

    platform: Platform = Field(
        default_factory=Platform, description="Storage and formats, for every dataset."
    )
    source: Source | None = Field(None, description="What is read: one dataset.")
    sources: Annotated[
        tuple[SourceEntry, ...] | None,
        BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value),
    ] = Field(None, description="Several datasets; their sections are laid over the shared ones.")
    silver: Silver | None = Field(
        None, description="What Bronze becomes; without it the dataset ends in Bronze."
    )
    notifications: Notifications = Field(
        default_factory=Notifications, description="Who hears of a run."
    )


@dataclass(frozen=True)
class DatasetConfig:
    """One dataset, checked; references are unresolved until `resolve_dataset`.

    Attributes:
        name: `source.config_name`.
        file_name: The file as the caller named it.
        sha256: Of the dataset's data as written, in canonical JSON, before any reference.
        template: `source` with its references unresolved for ever: what manifests may show.
    """

    name: str
    file_name: str
    sha256: str
    template: Source
    platform: Platform
    source: Source
    silver: Silver | None
    notifications: Notifications
