"""The model in PyTriton: Triton's C++ in front, onnxruntime in Python behind.

python pytriton_server.py MODEL NAME GRPC_PORT HTTP_PORT METRICS_PORT
"""

import sys

import numpy as np
import onnxruntime
from pytriton.decorators import batch
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

MOST_ROWS = 4096
model, name, grpc_port, http_port, metrics_port = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
names = [output.name for output in session.get_outputs()]
(width,) = session.get_inputs()[0].shape[1:]


@batch
def infer(numbers):
    return dict(zip(names, session.run(names, {"numbers": numbers}), strict=True))


ports = {"grpc_port": int(grpc_port), "http_port": int(http_port), "metrics_port": int(metrics_port)}
with Triton(config=TritonConfig(**ports, log_verbose=0)) as triton:
    triton.bind(
        model_name=name,
        infer_func=infer,
        inputs=[Tensor(name="numbers", dtype=np.float32, shape=(width,))],
        outputs=[Tensor(name=output, dtype=np.float32, shape=(1,)) for output in names],
        config=ModelConfig(max_batch_size=MOST_ROWS),
    )
    triton.serve()
