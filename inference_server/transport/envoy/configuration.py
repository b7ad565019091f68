"""What Envoy is started with, and the files that it reads again when they are replaced."""

import json
import os
from pathlib import Path
from typing import Any

from inference_server import sockets
from inference_server.settings import Settings
from inference_server.transport.envoy import filters, peer
from inference_server.transport.tls import Certificates, Pem

_TYPE = "type.googleapis.com/envoy"
CERTIFICATE, CLIENT_CA = "certificate", "client_ca"


class Folder:
    """Files in a folder that nobody else can read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def admin(self) -> str:
        """The socket on which Envoy takes orders. Access to it is access to the folder."""
        return str(self.path / "admin")

    @property
    def bootstrap(self) -> str:
        """What Envoy is started with."""
        return str(self.path / "envoy.json")

    def source(self, name: str) -> dict[str, Any]:
        """A file that Envoy follows."""
        path = {"path": str(self.path / f"{name}.json")}
        return {"path_config_source": path, "resource_api_version": "V3"}

    def write(self, name: str, content: object) -> None:
        """Replace a file at once."""
        new = self.path / f"{name}.new"
        new.write_text(json.dumps(content))
        os.replace(new, self.path / f"{name}.json")

    def write_certificates(self, pem: Pem) -> None:
        """Let Envoy use these certificates for new connections from now on."""
        chain, key = _inline(pem.certificate), _inline(pem.key)
        self.write(
            CERTIFICATE,
            _secret(CERTIFICATE, tls_certificate={"certificate_chain": chain, "private_key": key}),
        )
        if pem.client_ca:
            context = {"trusted_ca": _inline(pem.client_ca)}
            self.write(CLIENT_CA, _secret(CLIENT_CA, validation_context=context))


def _secret(name: str, **content: object) -> object:
    kind = f"{_TYPE}.extensions.transport_sockets.tls.v3.Secret"
    return {"resources": [{"@type": kind, "name": name, **content}]}


def _inline(pem: bytes) -> dict[str, str]:
    return {"inline_string": pem.decode("latin-1")}


def bootstrap(
    settings: Settings, folder: Folder, certificates: Certificates | None, *, module: str, applications: str
) -> dict[str, Any]:
    """Envoy's configuration: a listener for everything, and one for health if the settings ask for it.

    `module` is pyvoy's; `applications` the Python module of the ASGI applications `app` and `probes`.
    """
    listeners = [_listener("all", settings, settings.port, _filters(settings, module, f"{applications}:app"))]
    if certificates:
        listeners[0]["filter_chains"][0]["transport_socket"] = _tls(folder, certificates)
    if settings.health_port is not None:
        probed = [_python(module, f"{applications}:probes", lifespan=False)]
        listeners.append(_listener("health", settings, settings.health_port, probed))
    return {
        "node": {"id": "inference-server", "cluster": "inference-server"},
        "admin": {"address": {"pipe": {"path": folder.admin, "mode": 0o600}}},
        "application_log_config": {
            "log_format": {
                "json_format": {
                    "event": "envoy",
                    "level": "%l",
                    "logger": "%n",
                    "reason": "%j",
                    "timestamp": "%Y-%m-%dT%T.%eZ",
                }
            }
        },
        "overload_manager": filters.overload_manager(sockets.most_connections()),
        "static_resources": {"listeners": listeners},
    }


def _listener(name: str, settings: Settings, port: int, http_filters: list[dict[str, Any]]) -> dict[str, Any]:
    host = settings.host.strip("[]")
    manager = {
        "@type": f"{_TYPE}.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "route_config": {"virtual_hosts": [{"name": name, "domains": ["*"]}]},
        "http_filters": http_filters,
        "generate_request_id": False,
        "stream_idle_timeout": "0s",  # streams that wait for their caller are ended by IdleStreamTimeout
        "request_headers_timeout": filters.REQUEST_HEADERS_TIMEOUT,
        "use_remote_address": True,
        "common_http_protocol_options": _ages(settings),
        "http2_protocol_options": {
            "max_concurrent_streams": settings.streams_a_connection,
            "connection_keepalive": {
                "interval": f"{settings.keepalive_seconds}s",
                "timeout": "20s",
                "connection_idle_interval": f"{settings.keepalive_seconds}s",
            },
        },
    }
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}
    return {
        "name": name,
        "address": {"socket_address": {"address": host, "port_value": port}},
        "per_connection_buffer_limit_bytes": min(2 * settings.max_message_bytes, 2**31 - 1),
        "filter_chains": [chain],
    }


def _ages(settings: Settings) -> dict[str, str]:
    age = settings.max_connection_age_seconds
    return {"idle_timeout": "0s", **({"max_connection_duration": f"{age}s"} if age else {})}


def _filters(settings: Settings, module: str, application: str) -> list[dict[str, Any]]:
    return [
        *([peer.filter_config()] if settings.tls_client_ca else []),
        filters.GRPC_WEB,
        {"name": filters.TRANSCODER, "typed_config": filters.transcoder()},
        filters.TRAILERS,
        _python(module, application),
    ]


def _python(module: str, application: str, *, lifespan: bool = True) -> dict[str, Any]:
    value = json.dumps({"app": application, "interface": "asgi", "lifespan": lifespan})
    return {
        "name": "pyvoy",
        "typed_config": {
            "@type": f"{_TYPE}.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter",
            "dynamic_module_config": {"module": {"local": {"filename": module}}},
            "filter_name": "pyvoy",
            "terminal_filter": True,
            "filter_config": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": value},
        },
    }


def _tls(folder: Folder, certificates: Certificates) -> dict[str, Any]:
    context: dict[str, Any] = {
        "alpn_protocols": filters.ALPN,
        "tls_params": filters.TLS_PARAMS,
        "tls_certificate_sds_secret_configs": [
            {"name": CERTIFICATE, "sds_config": folder.source(CERTIFICATE)}
        ],
    }
    if certificates.pem.client_ca:
        context["validation_context_sds_secret_config"] = {
            "name": CLIENT_CA,
            "sds_config": folder.source(CLIENT_CA),
        }
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": f"{_TYPE}.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "common_tls_context": context,
            "require_client_certificate": certificates.pem.client_ca is not None,
        },
    }
