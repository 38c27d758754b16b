"""Tests of the rights desk."""
