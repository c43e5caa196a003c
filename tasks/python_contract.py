"""Import the pandera schema that a contract names.

Belongs here: `module:Schema` → the object. Lives elsewhere: what it means
(`medallion.python_schema`).
"""

import importlib
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
