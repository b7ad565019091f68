"""What clients compile from the printed proto speaks the bytes that the server reads."""

import subprocess
import sys
from pathlib import Path

from grpc_tools import protoc  # type: ignore[import-untyped]

from house_prices.contract import proto as api
from tests import models


def test_compiled_stubs_and_loaded_classes_speak_the_same_bytes(tmp_path: Path) -> None:
    contract = models.contract()
    proto = tmp_path / "stub" / "prediction.proto"
    proto.parent.mkdir()
    proto.write_text(api.printed(contract))
    assert protoc.main(["protoc", f"-I{proto.parent}", f"--python_out={proto.parent}", str(proto)]) == 0
    code = (
        "import sys, prediction_pb2 as stub\n"
        "house = stub.House(area=80, rooms=0, garden=True, roof='gable')\n"
        "sys.stdout.write(stub.PredictRequest(houses=[house]).SerializeToString().hex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=proto.parent, capture_output=True, check=True, text=True
    )
    house = api.load(contract).request.FromString(bytes.fromhex(done.stdout)).houses[0]  # type: ignore[attr-defined]
    assert (house.area, house.HasField("rooms"), house.garden, house.roof) == (80, True, True, "gable")
