"""Torture: the whole program as real processes under load while something breaks, again and again; each scenario is a file with `run`.

Each ends with the books: every message answered, nothing lost, nothing twice but what staff sent again. `python -m tests.torture --help`.
"""
