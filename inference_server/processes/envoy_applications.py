"""What Envoy imports: the ASGI applications `app` and `probes`.

The process that tries the first model starts before the server is imported, so that both import at once.
"""

import os
import sys
from typing import TYPE_CHECKING

from inference_server.models import child
from inference_server.processes.envoy_variables import PYTHON

if TYPE_CHECKING:
    from inference_server.processes.inside_envoy import Inside


def _inside() -> "Inside":
    # Python inside of another program takes the first one on the PATH for itself, and what made it this one
    # is not for the processes that it starts.
    sys.executable = os.environ[PYTHON]
    for name in ("LD_PRELOAD", "PYTHONHOME"):
        os.environ.pop(name, None)
    first_child = child.start()
    from inference_server.processes.inside_envoy import Inside

    return Inside(first_child)


INSIDE = _inside()
app, probes = INSIDE.app, INSIDE.probes
