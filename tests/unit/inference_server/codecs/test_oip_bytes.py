"""BYTES tensors, by property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_server.codecs.oip_bytes import TextReader
from inference_server.errors import BadTensor
from tests.tensors import raw_texts

KNOWN = ["flat", "ça", "a" * 300]
READER = TextReader("categories", KNOWN)
TEXTS = st.lists(st.sampled_from(["", *KNOWN, "b" * 256, "flat\0"]) | st.text(), max_size=20)


@given(TEXTS)
def test_what_is_written_is_read(texts: list[str]) -> None:
    elements = [text.encode() for text in texts]
    assert READER.raw(raw_texts(elements), len(texts)) == READER.typed(elements) == texts


@given(st.binary(), st.integers(0, 5))
def test_any_bytes_are_that_many_texts_or_a_bad_tensor(raw: bytes, count: int) -> None:
    try:
        assert raw_texts([text.encode() for text in READER.raw(raw, count)]) == raw
    except BadTensor as error:
        assert str(error).startswith("categories: ")  # noqa: PT017  # or none is raised


@given(TEXTS.filter(bool), st.data())
def test_a_tensor_that_was_cut_is_refused(texts: list[str], data: st.DataObject) -> None:
    raw = raw_texts([text.encode() for text in texts])
    kept = data.draw(st.integers(0, len(raw) - 1))
    with pytest.raises(BadTensor):
        READER.raw(raw[:kept], len(texts))
