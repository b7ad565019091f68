"""Parts of Envoy's configuration that the gateway and the server inside of Envoy have in common."""

import base64
from typing import Any

from inference_server.transport.envoy import descriptors

_HTTP = "type.googleapis.com/envoy.extensions.filters.http"
TRANSCODER = "envoy.filters.http.grpc_json_transcoder"
GRPC_WEB = {
    "name": "envoy.filters.http.grpc_web",
    "typed_config": {"@type": f"{_HTTP}.grpc_web.v3.GrpcWeb"},
}
TRAILERS = {
    "name": "envoy.filters.http.header_mutation",
    "typed_config": {
        "@type": f"{_HTTP}.header_mutation.v3.HeaderMutation",
        "mutations": {
            "request_mutations": [
                {
                    "append": {
                        "header": {"key": "te", "value": "trailers"},
                        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
                    }
                }
            ]
        },
    },
}
"""Callers that do not say that they take trailers get them, too: without them a response has no status."""
REQUEST_HEADERS_TIMEOUT = "10s"
"""How long a caller may take to send a request's headers."""
ALPN = ["h2", "http/1.1"]
TLS_PARAMS = {"tls_minimum_protocol_version": "TLSv1_2"}


def transcoder() -> dict[str, Any]:
    """JSON over HTTP for the methods with an HTTP path; faults are HTTP statuses with their details."""
    described = descriptors.descriptors().SerializeToString(deterministic=True)
    return {
        "@type": f"{_HTTP}.grpc_json_transcoder.v3.GrpcJsonTranscoder",
        "services": list(descriptors.SERVICES),
        "convert_grpc_status": True,
        "print_options": {"preserve_proto_field_names": True, "always_print_primitive_fields": True},
        "ignore_unknown_query_parameters": True,
        "proto_descriptor_bin": base64.b64encode(described).decode(),
    }


def overload_manager(most_connections: int) -> dict[str, Any]:
    """Refuses connections past a number."""
    return {
        "resource_monitors": [
            {
                "name": "envoy.resource_monitors.global_downstream_max_connections",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections"
                    ".v3.DownstreamConnectionsConfig",
                    "max_active_downstream_connections": most_connections,
                },
            }
        ]
    }
