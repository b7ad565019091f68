"""From the bytes of one question to the bytes of its answer, with the time of each part. Without gRPC."""

import time
from typing import Any

from inference_server.errors import MessageTooLarge
from inference_server.observability import Observer, Priced
from inference_server.rpc.method import Call, Method, Subject


class Answering:
    """Reads, asks the method, writes, and tells what it took."""

    def __init__(self, observer: Observer, *, max_message_bytes: int) -> None:
        self._observer = observer
        self._max_message_bytes = max_message_bytes

    async def answer(self, method: Method[Any, Any], raw: bytes, call: Call, note: "Note") -> bytes:
        """The answer's bytes. Raises ServingError."""
        began = time.perf_counter()
        call.be_in_time()
        question = method.read(self.sized(raw), call)
        subject = note.subject = method.subject(question)
        note.messages += 1
        note.rows += subject.rows
        decoded = time.perf_counter()
        answer = await method.handle(question, call)
        computed = time.perf_counter()
        written = method.write(answer)
        if call.work.prices is not None:
            self._tell(method, subject, call, (note.accepted or began, began, decoded, computed))
        note.accepted = None
        return written

    def sized(self, raw: bytes) -> bytes:
        """The message; raises MessageTooLarge."""
        if len(raw) > self._max_message_bytes:
            raise MessageTooLarge(len(raw), self._max_message_bytes)
        return raw

    def _tell(
        self, method: Method[Any, Any], subject: Subject, call: Call, times: tuple[float, float, float, float]
    ) -> None:
        accepted, began, decoded, computed = times
        work = call.work
        self._observer.priced(
            Priced(
                method=method.path,
                market=subject.market,
                version=subject.version,
                id=subject.id,
                ended=time.time(),
                queue=began - accepted + work.waited,
                decode=decoded - began,
                compute=computed - decoded - work.waited,
                encode=time.perf_counter() - computed,
                rows=subject.rows,
                inputs=work.inputs,
                prices=work.prices,
                metadata=call.metadata,
            )
        )


class Note:
    """What is known of a call so far, for when it ends."""

    __slots__ = ("accepted", "messages", "rows", "subject")

    def __init__(self, subject: Subject, accepted: float | None) -> None:
        self.subject = subject
        self.accepted = accepted
        """When the call was accepted, by time.perf_counter(), until its first question is answered."""
        self.messages, self.rows = 0, 0
