"""Alerts to people: by webhook, by mail, or both, whatever the environment names.

    HOUSE_PRICES_ALERT_WEBHOOK   URL that takes a POST of JSON; "text" is what chats show
    HOUSE_PRICES_ALERT_MAIL_TO   addresses, with commas between them
    HOUSE_PRICES_ALERT_MAIL_FROM the sender; the first of those addresses if unset
    HOUSE_PRICES_ALERT_SMTP      host:port of the mail server; localhost:25 if unset

An alert that one of them does not take is sent again, to both, at the sensor's next tick.
"""

import json
import os
import smtplib
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from house_prices.errors import MonitoringError

PREFIX = "HOUSE_PRICES_ALERT_"
TIMEOUT_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Alert:
    """Something that a person should look at."""

    key: str
    """The same for the same thing: it is told once."""
    market: str
    """Empty if it is about no market."""
    title: str
    text: str

    @property
    def subject(self) -> str:
        """On one line."""
        return " ".join(f"[house-prices] {self.market + ': ' if self.market else ''}{self.title}".split())


@dataclass(frozen=True, kw_only=True)
class Channels:
    """Where alerts go."""

    webhook: str = ""
    mail_to: tuple[str, ...] = ()
    mail_from: str = ""
    smtp: str = "localhost:25"

    @property
    def are_set(self) -> bool:
        """Whether there is any."""
        return bool(self.webhook or self.mail_to)

    def send(self, alert: Alert) -> None:
        """Send it everywhere. Raises MonitoringError if one of them does not take it, after trying all."""
        failures = []
        if self.webhook:
            failures += _failure(f"the webhook {self.webhook.partition('?')[0]}", self._post, alert)
        if self.mail_to:
            failures += _failure(f"the mail server {self.smtp}", self._mail, alert)
        if failures:
            raise MonitoringError(f"{alert.subject}: not sent, {'; '.join(failures)}.")

    def _post(self, alert: Alert) -> None:
        content = json.dumps({**asdict(alert), "text": f"{alert.subject}\n{alert.text}"}).encode()
        request = urllib.request.Request(  # noqa: S310  # whoever sets the variable chooses the scheme
            self.webhook, data=content, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_S):  # noqa: S310
            pass

    def _mail(self, alert: Alert) -> None:
        message = EmailMessage()
        message["Subject"], message["To"] = alert.subject, ", ".join(self.mail_to)
        message["From"] = self.mail_from or self.mail_to[0]
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="house-prices")
        message.set_content(alert.text)
        host, _, port = self.smtp.rpartition(":")
        with smtplib.SMTP(host, int(port), timeout=TIMEOUT_S) as server:
            server.send_message(message)


def _failure(where: str, send: Callable[[Alert], None], alert: Alert) -> list[str]:
    try:
        send(alert)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return [f"{where}: {error}"]
    return []


def channels() -> Channels:
    """Those that the environment names."""
    to = tuple(filter(None, map(str.strip, os.environ.get(f"{PREFIX}MAIL_TO", "").split(","))))
    return Channels(
        webhook=os.environ.get(f"{PREFIX}WEBHOOK", ""),
        mail_to=to,
        mail_from=os.environ.get(f"{PREFIX}MAIL_FROM", ""),
        smtp=os.environ.get(f"{PREFIX}SMTP", "localhost:25"),
    )
