"""The `platform` section: where Bronze lives and what the platform team allows.

Belongs here: keys of the platform team. Lives elsewhere: what a source is (`source`), Silver
(`silver`), credentials themselves (Prefect blocks or the provider's environment variables).
"""

from typing import Annotated, Literal

from pydantic import Field

from medallion.config.fields import Compression, RootPath, Section, Text, only


class BronzePartitioning(Section):
    """How Bronze is cut into partitions."""

    use_dt_partition: Annotated[Literal[True], only("true", later=(False,))] = Field(
        True, description="One directory per run date (`dt=`); always true."
    )
    partition_strategy: Annotated[
        Literal["date"], only("date", later=("hourly", "timestamp", "batch_id"))
    ] = Field("date", description="What a partition stands for: one run date.")


class OutputDefaults(Section):
    """Formats that the platform allows in Bronze, and its compression."""

    allow_csv: bool = Field(False, description="Whether sources may ask for CSV copies.")
    allow_parquet: bool = Field(True, description="Whether sources may write Parquet.")
    parquet_compression: Compression = Field(
        "zstd", description="Parquet compression where a source names none."
    )


class StorageMetadata(Section):
    """What kind of storage this is, for `--storage-scope`."""

    boundary: Literal["onprem", "cloud"] | None = Field(
        None, description="Where the data are; `--storage-scope onprem` refuses `cloud`."
    )
    provider_type: Text | None = Field(None, description="Kind of storage, for people's records.")
    cloud_provider: Text | None = Field(None, description="Cloud vendor, for people's records.")


class BronzeStorage(Section):
    """Where Bronze partitions are published."""

    storage_backend: Annotated[Literal["local"], only("local", later=("s3", "azure", "gcs"))] = (
        Field("local", description="Kind of storage that holds the lake.")
    )
    local_path: RootPath = Field("./lake/bronze", description="Bronze root on a local disk.")
    s3_bucket: Text | None = Field(None, description="Planned: bucket of the Bronze root on S3.")
    s3_prefix: str | None = Field(None, description="Planned: its key prefix.")
    azure_container: Text | None = Field(
        None, description="Planned: container of the Bronze root on Azure."
    )
    azure_prefix: str | None = Field(None, description="Planned: its name prefix.")
    gcs_bucket: Text | None = Field(
        None, description="Planned: bucket of the Bronze root on Google Cloud."
    )
    gcs_prefix: str | None = Field(None, description="Planned: its name prefix.")
    storage_block: Text | None = Field(
        None,
        description="Planned: Prefect block with the storage credentials, `aws-credentials/prod`.",
    )
    partitioning: BronzePartitioning = Field(
        default_factory=BronzePartitioning, description="How Bronze is cut into partitions."
    )
    output_defaults: OutputDefaults = Field(
        default_factory=OutputDefaults,
        description="Formats that the platform allows, and its compression.",
    )
    storage_metadata: StorageMetadata = Field(
        default_factory=StorageMetadata, description="What kind of storage this is."
    )


class S3Connection(Section):
    """Names of the environment variables that hold the S3 connection."""

    endpoint_url_env: Text | None = Field(None, description="Variable with the endpoint URL.")
    access_key_env: Text = Field("AWS_ACCESS_KEY_ID", description="Variable with the access key.")
    secret_key_env: Text = Field(
        "AWS_SECRET_ACCESS_KEY", description="Variable with the secret key."
    )


class AzureConnection(Section):
    """Names of the environment variables that hold the Azure connection."""

    connection_string_env: Text | None = Field(
        None, description="Variable with the connection string."
    )
    account_name_env: Text | None = Field(None, description="Variable with the account's name.")
    account_key_env: Text | None = Field(None, description="Variable with the account's key.")
    account_url: Text | None = Field(None, description="URL of the account.")


class Platform(Section):
    """What the platform team owns."""

    bronze: BronzeStorage = Field(
        default_factory=BronzeStorage, description="Where Bronze is published."
    )
    s3_connection: S3Connection | None = Field(
        None, description="Planned: variables of the S3 connection, where no block is named."
    )
    azure_connection: AzureConnection | None = Field(
        None, description="Planned: variables of the Azure connection, where no block is named."
    )
