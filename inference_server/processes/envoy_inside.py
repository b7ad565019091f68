"""What Envoy imports: the ASGI applications `app` and `probes`."""

import importlib
import os
import sys

from inference_server.models import child
from inference_server.processes.envoy import PYTHON

sys.executable = os.environ[PYTHON]  # Python inside of another program takes the first one on PATH for itself
for name in ("LD_PRELOAD", "PYTHONHOME"):
    os.environ.pop(name, None)  # for the Python inside, not for the processes that it starts
FIRST_CHILD = child.start()  # before the imports below, so that both import at the same time

applications = importlib.import_module("inference_server.processes.envoy_applications")
app, probes = applications.app, applications.probes
applications.INSIDE.first_child = FIRST_CHILD
