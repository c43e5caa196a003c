"""What an operator fills in in the Prefect UI: credentials, storage, endpoints.

Belongs here: block types, which configure and decide nothing. Lives elsewhere: their use (`tasks`).
"""
