"""Tests and the helpers they share. A package: some installed distributions bring one called `tests`."""
