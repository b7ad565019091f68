"""New images in the place of the running ones, from Dagster: docs/deployment.md."""
