"""`python -m tests.benchmarks [search|turns|start …]`: how fast we are beside peers measured in the same run.

Not tests: nothing here passes or fails. The machine is never the same twice, so ratios are what to read. The peers come with
`uv sync --group bench`; one that is not installed is left out and said so.
"""
