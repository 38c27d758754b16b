"""Tests of the résumé lab."""
