"""Envoy's configuration for the front door: gRPC, JSON, gRPC-Web, the UI and the page at `/`."""
