"""Benchmarks: each a command that prints ratios to a baseline of the same run, and the bars they must meet."""
