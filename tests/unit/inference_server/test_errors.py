"""What a caller is told of an error."""

from google.rpc import code_pb2, error_details_pb2

from inference_server import errors
from inference_server.errors import BadHouses, FieldFault, ServingError


def fault(number: int, words: str = "came 1, allowed: 2") -> FieldFault:
    return FieldFault(field=f"houses[{number}].area", description=words)


def listed(error: BadHouses) -> list[str]:
    """Descriptions in the status details."""
    detail = error_details_pb2.BadRequest()
    assert errors.status(error).details[0].Unpack(detail)
    return [violation.description for violation in detail.field_violations]


def test_every_error_has_a_status() -> None:
    assert set(errors.CODES) == set(ServingError.__subclasses__())


def test_an_unexpected_error_says_nothing_of_itself() -> None:
    status = errors.status(RuntimeError("password is 123"))
    assert (status.code, status.message) == (code_pb2.INTERNAL, errors.INTERNAL_SENTENCE)


def test_every_fault_is_listed() -> None:
    assert listed(BadHouses([fault(1), fault(2)])) == ["came 1, allowed: 2"] * 2


def test_more_faults_than_a_header_carries_are_counted() -> None:
    lines = listed(BadHouses([fault(number, "x" * 300) for number in range(90)]))
    assert len(lines) < 20
    assert lines[-1] == f"only the first {len(lines) - 1} faults are listed; there are {91 - len(lines)} more"


def test_a_status_always_fits_into_the_headers_that_clients_accept() -> None:
    worst = BadHouses([fault(number, "ç" * 150) for number in range(100)], unread=True)
    assert len(errors.status(worst).SerializeToString()) * 4 / 3 + 3 * len(str(worst).encode()) < 8000
