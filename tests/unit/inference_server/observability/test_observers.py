"""Who listens hears all, and harms nobody."""

import structlog

from inference_server.observability import CompositeObserver, Loaded, Observer

LOADED = Loaded(market="huts", version=1, outcome="loaded", seconds=0.1)


class Listener(Observer):
    def __init__(self) -> None:
        self.heard: list[Loaded] = []

    def loaded(self, loaded: Loaded) -> None:
        self.heard.append(loaded)


class Broken(Observer):
    def loaded(self, loaded: Loaded) -> None:
        raise RuntimeError("no disk, no network")


def test_a_listener_that_fails_is_logged_and_the_others_hear_all_the_same() -> None:
    listener = Listener()
    with structlog.testing.capture_logs() as logs:
        CompositeObserver([Broken(), listener], structlog.get_logger()).loaded(LOADED)
    assert listener.heard == [LOADED]
    assert [line["event"] for line in logs] == ["observer failed"]
