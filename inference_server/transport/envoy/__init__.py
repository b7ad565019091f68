"""The transport over Envoy, with Python inside of it (pyvoy). Needs the extra `envoy`.

    Envoy: HTTP/2, TLS, keepalive, gRPC-Web, JSON  ->  ASGI  ->  calls  ->  the same routes as over grpcio

configuration  what Envoy is started with, and what it reads again while it runs
filters        the parts of it that the gateway has, too
wire           gRPC's format over HTTP/2
calls          from an ASGI call to a route
transport      starts, reloads and drains
"""
