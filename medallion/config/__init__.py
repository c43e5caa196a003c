"""Configuration: what people write in a dataset's YAML, read strictly.

Belongs here: text and mappings in, frozen models out; `loader.parse_config` is the door.
Lives elsewhere: reading files and the environment (`tasks`), what a contract's types and checks
mean (`contract`).
"""
