"""Exit with 0 if a gRPC server answers `grpc.health.v1`; with --serving, only if it reports SERVING."""

import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

with grpc.insecure_channel(sys.argv[1]) as channel:
    answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=3)
if "--serving" in sys.argv and answer.status != health_pb2.HealthCheckResponse.SERVING:
    sys.exit("not serving")
