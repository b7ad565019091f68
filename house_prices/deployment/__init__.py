"""Deploys new images over the running ones, as a Dagster job. See docs/deployment.md."""
