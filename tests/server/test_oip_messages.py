"""The protocol's messages: those of the committed file, and those that its clients use."""

import json
import subprocess
import sys
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

from inference_server.codecs import oip_messages

ROOT = Path(__file__).parents[2]
TRITONS = """
import json
# Both in one process: their names are the same, their pools are not.
from inference_server.codecs import oip_messages as oip
from tritonclient.grpc import model_config_pb2, service_pb2

theirs = {**service_pb2.DESCRIPTOR.message_types_by_name, **model_config_pb2.DESCRIPTOR.message_types_by_name}
ours = oip.POOL.FindServiceByName(oip.SERVICE).file.message_types_by_name

def fields(message):
    found = {field.name: [field.number, field.type, field.label] for field in message.fields}
    nested = {name: fields(one) for name, one in message.nested_types_by_name.items()}
    return {**found, **nested}

def unlike(ours, theirs):
    return [name for name, one in ours.items() if theirs.get(name) != one]

differ = {}
for name, message in ours.items():
    if unlike(fields(message), fields(theirs[name])):
        differ[name] = unlike(fields(message), fields(theirs[name]))
print(json.dumps(differ))
"""


def test_the_compiled_file_is_the_written_one(tmp_path: Path) -> None:
    built = tmp_path / "built.binpb"
    buf = Path(sys.executable).with_name("buf")
    options = ["--path", "inference", "--as-file-descriptor-set", "--exclude-source-info"]
    subprocess.run([buf, "build", *options, "-o", built], cwd=ROOT / "protos", check=True)
    committed = (ROOT / "inference_server" / "codecs" / oip_messages.COMPILED).read_bytes()
    assert FileDescriptorSet.FromString(committed) == FileDescriptorSet.FromString(built.read_bytes())


def test_every_field_has_the_number_and_type_that_tritons_client_knows() -> None:
    compared = subprocess.run(
        [sys.executable, "-c", TRITONS], cwd=ROOT, check=True, capture_output=True, text=True
    )
    only_in_the_protocol = {"ModelMetadataResponse": {"PropertiesEntry", "properties"}}
    unlike = {name: set(fields) for name, fields in json.loads(compared.stdout).items()}
    assert unlike == only_in_the_protocol
