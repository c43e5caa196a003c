"""Readers: one module per file format, each yielding Arrow batches in source order.

Belongs here: bytes → batches with the source's own names and values. Lives elsewhere: finding the
files (`tasks.file_source`), writing them (`tasks.staging`). Imports nothing, so that a reader loads
only what it needs.
"""
