"""From the bytes of one request to the bytes of its response. Without gRPC."""

import time
from typing import Any

from inference_server.errors import MessageTooLarge
from inference_server.observability import Failed, Observer, Priced
from inference_server.rpc.method import NOTHING, Call, Method, Subject


class Dispatcher:
    """Decodes a request, lets the method handle it, encodes the response, and tells the observer."""

    def __init__(self, observer: Observer, *, max_message_bytes: int) -> None:
        self._observer = observer
        self.max_message_bytes = max_message_bytes

    async def dispatch(self, method: Method[Any, Any], raw: bytes, call: Call, log: "CallLog") -> bytes:
        """The response's bytes. Raises ServingError."""
        started = time.perf_counter()
        accepted = call.accepted or started
        try:
            call.check_deadline()
            request = method.read(self.sized(raw), call)
            decoded = time.perf_counter()
            response = await method.handle(request, call)
            computed = time.perf_counter()
            written = method.write(response)
        except BaseException:
            if call.subject is NOTHING:
                call.subject = method.subject(call.metadata)
            self._tell_failed(method, call, accepted)
            raise
        finally:
            log.subject = call.subject
            log.rows += call.subject.rows
        log.messages += 1
        if call.refusal is not None:
            self._tell_failed(method, call, accepted)
        elif call.prices is not None:
            subject, waited = call.subject, call.waited
            self._observer.priced(
                Priced(
                    method=method.path,
                    market=subject.market,
                    version=subject.version,
                    id=subject.id,
                    ended=time.time(),
                    queue=started - accepted + waited,
                    decode=decoded - started,
                    compute=computed - decoded - waited,
                    encode=time.perf_counter() - computed,
                    rows=subject.rows,
                    inputs=call.inputs,
                    prices=call.prices,
                    warnings=call.warnings,
                    metadata=call.metadata,
                )
            )
        return written

    def sized(self, raw: bytes) -> bytes:
        """The message itself; raises MessageTooLarge."""
        if len(raw) > self.max_message_bytes:
            raise MessageTooLarge(len(raw), self.max_message_bytes)
        return raw

    def _tell_failed(self, method: Method[Any, Any], call: Call, accepted: float) -> None:
        """Only of requests for a loaded version: others are no failure of a model."""
        subject = call.subject
        if subject.version:
            self._observer.failed(
                Failed(
                    method=method.path,
                    market=subject.market,
                    version=subject.version,
                    seconds=time.perf_counter() - accepted,
                )
            )


class CallLog:
    """What is known of a call so far, for the record of its end."""

    __slots__ = ("messages", "rows", "subject")

    def __init__(self) -> None:
        self.subject: Subject | None = None
        """Of the last request; None before the first."""
        self.messages, self.rows = 0, 0
