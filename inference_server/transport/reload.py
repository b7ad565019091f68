"""What SIGHUP reloads: certificates, tokens and the log level."""

import tomllib
from collections.abc import Callable

from inference_server.observability import Log
from inference_server.observability.logging import Threshold
from inference_server.settings import LOG_LEVELS, BadSettings, Settings
from inference_server.transport.auth import Authorization
from inference_server.transport.tls import Certificates


class Reload:
    """Reads files again. If one cannot be used, it is logged and the former values stay."""

    def __init__(
        self,
        settings: Settings,
        threshold: Threshold,
        tls: Certificates | None,
        allowed: Authorization | None,
        log: Log,
    ) -> None:
        self._settings = settings
        self._parts: dict[str, Callable[[], None]] = {}
        if tls:
            self._parts["certificates"] = tls.reload
        if allowed:
            self._parts["tokens"] = allowed.reload
        if settings.settings:
            self._parts["log_level"] = lambda: threshold.set(self._log_level())
        self._log = log

    def __call__(self) -> None:
        """Reload every part."""
        for part, reload in self._parts.items():
            try:
                reload()
            except BadSettings as error:
                self._log.error("not reloaded", part=part, reason=str(error))
            else:
                self._log.warning("reloaded", part=part)

    def _log_level(self) -> str:
        path = self._settings.settings
        try:
            level = tomllib.loads(path.read_text() if path else "").get("log_level", self._settings.log_level)
        except (OSError, ValueError) as error:
            raise BadSettings(f"{path} cannot be read: {error}") from error
        if level not in LOG_LEVELS:
            raise BadSettings(f"{path}: log_level: came {level!r}, allowed: {', '.join(LOG_LEVELS)}")
        return str(level)
