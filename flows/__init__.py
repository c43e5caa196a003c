"""Entrypoints: one module per deployable flow, and the `medallion` command.

Belongs here: the order of steps, run names, parameters. Lives elsewhere: side effects (`tasks`).
"""
