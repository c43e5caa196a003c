"""Import the pandera schema that a contract names.

Belongs here: `module:Schema` → the object, and the digest of its code. Lives elsewhere: what it
means (`medallion.python_schema`).
"""

import hashlib
import importlib.util
from pathlib import Path
from typing import Any

from medallion.errors import ConfigError


def load_python_schema(location: str | None) -> Any:
    """Import the schema of a contract; None if it names none.

    Raises:
        ConfigError: CFG003, if the module cannot be imported or has no such name.
    """
    if location is None:
        return None
    module_name, _, name = location.partition(":")
    try:
        return getattr(importlib.import_module(module_name), name)
    except Exception as error:
        raise ConfigError(
            f"silver.contract.python: {location} cannot be imported ({type(error).__name__}: "
            f"{error}); install the module beside the flows",
            code="CFG003",
        ) from error


def digest_module(module_name: str) -> str | None:
    """Return the sha256 of a module's source, which is part of the logic; None without a source.

    What the module imports in turn is not looked at.
    """
    try:
        spec = importlib.util.find_spec(module_name)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        return None
    return hashlib.sha256(Path(spec.origin).read_bytes()).hexdigest()
