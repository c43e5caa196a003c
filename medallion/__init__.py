"""Pure logic of the ingestion platform: names, manifests, contracts, folds.

Belongs here: functions that turn values into values, and folds built as plans (SQL and relations).
Lives elsewhere: files, clock, environment and network (`tasks`), orchestration (`flows`).
Importing this package loads neither Prefect nor pandas.
"""

__version__ = "0.1.0"
