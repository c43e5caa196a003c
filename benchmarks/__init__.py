"""Speed comparisons with peers, run on demand and never as a test.

Belongs here: data, variants, measuring, the table. Lives elsewhere: what is measured (the product's
own packages). Start with `README.md`; run with `python benchmarks/run.py`.
"""
