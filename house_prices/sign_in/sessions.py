"""Who has signed in: cookies that this process has signed, and passwords that it has just checked."""

import hashlib
import hmac
import secrets
import time

from itsdangerous import BadSignature, URLSafeTimedSerializer

from house_prices.sign_in.users import Users

COOKIE = "dagster_session"
LASTS_SECONDS = 12 * 3600
_REMEMBERED_SECONDS = 300
_MOST_REMEMBERED = 1000


class Sessions:
    """The key is made at the start and never leaves the process, so sessions end with it.

    A session also ends when its user is removed or has another password.
    """

    def __init__(self, users: Users) -> None:
        self._users = users
        self._key = secrets.token_bytes(32)
        self._signer = URLSafeTimedSerializer(self._key, signer_kwargs={"digest_method": hashlib.sha256})
        self._remembered: dict[bytes, float] = {}

    def begin(self, name: str) -> str:
        """The cookie for a user whose password was right."""
        return str(self._signer.dumps([name, self._mark(name, "")]))

    def is_open(self, cookie: str) -> bool:
        """Whether a cookie is of a session that goes on."""
        try:
            name, mark = self._signer.loads(cookie, max_age=LASTS_SECONDS)
        except BadSignature:  # also one that is too old
            return False
        return hmac.compare_digest(mark, self._mark(name, ""))

    def remember(self, name: str, password: str) -> None:
        """A password was right: for some minutes there is no need to hash it again."""
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[self._mark(name, password).encode()] = time.monotonic() + _REMEMBERED_SECONDS

    def remembers(self, name: str, password: str) -> bool:
        """Whether this password was right some minutes ago."""
        return self._remembered.get(self._mark(name, password).encode(), 0.0) > time.monotonic()

    def _mark(self, name: str, password: str) -> str:
        """Tells nothing of what it is made from, and changes with the user's hash."""
        facts = "\0".join([name, self._users.hashes().get(name, ""), password])
        return hmac.new(self._key, facts.encode(), "sha256").hexdigest()
