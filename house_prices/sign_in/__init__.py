"""Who may see Dagster's UI: a page to sign in on, and the answer to Envoy's question whether a caller has."""

CHECK = "/check"
"""Prefix of the path that Envoy asks about."""
