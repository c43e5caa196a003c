"""Side effects, as retryable Prefect tasks around pure functions of `medallion`.

Belongs here: files, engines, clock, environment, network. Lives elsewhere: decisions (`medallion`).
"""
