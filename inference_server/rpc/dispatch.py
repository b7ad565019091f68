"""From the bytes of one request to the bytes of its response. Without gRPC."""

import time
from typing import Any

from inference_server.errors import MessageTooLarge
from inference_server.observability import Failed, Observer, Priced
from inference_server.rpc.method import NOTHING, Call, Method, Subject
from inference_server.rpc.stopwatch import Stopwatch


class Dispatcher:
    """Decodes a request, lets the method handle it, encodes the response, and tells the observer."""

    def __init__(self, observer: Observer, *, max_message_bytes: int) -> None:
        self._observer = observer
        self.max_message_bytes = max_message_bytes

    async def dispatch(self, method: Method[Any, Any], raw: bytes, call: Call, log: "CallLog") -> bytes:
        """The response's bytes. Raises ServingError."""
        watch = Stopwatch(call.accepted)
        try:
            call.check_deadline()
            request = method.read(self.sized(raw), call)
            watch.decoded()
            response = await method.handle(request, call)
            watch.computed(call.waited)
            written = method.write(response)
            watch.encoded()
        except BaseException:
            if call.subject is NOTHING:
                call.subject = method.subject(call.metadata)
            self._tell_failed(method, call, watch)
            raise
        finally:
            log.subject = call.subject
            log.rows += call.subject.rows
        log.messages += 1
        if call.refusal is not None:
            self._tell_failed(method, call, watch)
        elif call.prices is not None:
            self._tell_priced(method, call, watch)
        return written

    def sized(self, raw: bytes) -> bytes:
        """The message itself; raises MessageTooLarge."""
        if len(raw) > self.max_message_bytes:
            raise MessageTooLarge(len(raw), self.max_message_bytes)
        return raw

    def _tell_priced(self, method: Method[Any, Any], call: Call, watch: Stopwatch) -> None:
        subject = call.subject
        self._observer.priced(
            Priced(
                method=method.path,
                market=subject.market,
                version=subject.version,
                id=subject.id,
                ended=time.time(),
                queue=watch.queue,
                decode=watch.decode,
                compute=watch.compute,
                encode=watch.encode,
                rows=subject.rows,
                inputs=call.inputs,
                prices=call.prices,
                warnings=call.warnings,
                metadata=call.metadata,
            )
        )

    def _tell_failed(self, method: Method[Any, Any], call: Call, watch: Stopwatch) -> None:
        """Only of requests for a loaded version: others are no failure of a model."""
        subject = call.subject
        if subject.version:
            self._observer.failed(
                Failed(
                    method=method.path,
                    market=subject.market,
                    version=subject.version,
                    seconds=watch.elapsed(),
                )
            )


class CallLog:
    """What is known of a call so far, for the record of its end."""

    __slots__ = ("messages", "rows", "subject")

    def __init__(self) -> None:
        self.subject: Subject | None = None
        """Of the last request; None before the first."""
        self.messages, self.rows = 0, 0
