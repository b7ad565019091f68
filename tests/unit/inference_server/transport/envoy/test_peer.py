"""The names in a caller's certificate."""

import pytest

from inference_server.transport.envoy import peer


@pytest.mark.parametrize(
    ("subject", "names"),
    [
        ("CN=operator,O=Houses", ["operator"]),
        ("O=Houses,CN=the operator", ["the operator"]),
        ("OU=x+CN=one", ["one"]),
        (r"CN=a\, b", ["a, b"]),
        (r"CN=B\C3\A4cker", ["B\u00e4cker"]),
        (r"CN=1\+1 \\ \#2", ["1+1 \\ #2"]),
        (r"O=Houses\,CN=operator", []),
        ("", []),
    ],
)
def test_the_common_name_of_a_subject(subject: str, names: list[str]) -> None:
    assert peer.names({peer.SUBJECT: subject}) == names


def test_alternative_names_of_each_kind() -> None:
    metadata = {
        peer.DNS: "a.example,b.example",
        peer.URI: "spiffe://a/b,c,urn:d",
        "x-peer-ip": "10.0.0.1",
        "x-peer-email": "-",
    }
    assert peer.names(metadata) == ["spiffe://a/b,c", "urn:d", "a.example", "b.example", "10.0.0.1"]
