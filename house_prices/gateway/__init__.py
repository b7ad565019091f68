"""Envoy's configuration as the front door: gRPC, JSON, gRPC-Web, Dagster's UI and the page at `/`."""
