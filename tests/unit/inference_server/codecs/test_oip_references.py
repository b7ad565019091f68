"""The parameter that names the houses of a tensor request."""

import pytest

from inference_server.codecs.oip_tensors import TensorCodec
from inference_server.errors import BadTensor
from tests import models
from tests.tensors import raw_request

CODEC = TensorCodec(models.contract(), ["price"])


def read(references: str, rows: int = 2) -> list[str]:
    request = raw_request(rows)
    request.parameters["references"].string_param = references
    return list(CODEC.read(request, max_rows=10).references)


def test_each_house_has_its_own_and_null_is_none() -> None:
    assert read('["listing 7", null]') == ["listing 7", ""]


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "listing 7",
        '["a"]',
        '["a", 7]',
        '{"a": "b"}',
        '["a", "\\ud800"]',
        f'["a", "{"x" * 257}"]',
        "[" * 9999,
    ],
)
def test_anything_else_is_refused_with_what_is_allowed(wrong: str) -> None:
    with pytest.raises(BadTensor, match="a JSON list of 2 texts of at most 256 characters, or null"):
        read(wrong)


def test_a_request_without_it_has_none() -> None:
    assert list(CODEC.read(raw_request(2), max_rows=10).references) == []
