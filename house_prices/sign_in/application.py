"""The sign-in service: a page, and the check that Envoy makes of every request for the UI."""

import base64
import binascii
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import anyio
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from house_prices.sign_in import CHECK
from house_prices.sign_in.attempts import WITHIN_SECONDS, Attempts
from house_prices.sign_in.sessions import COOKIE, LASTS_SECONDS, Sessions
from house_prices.sign_in.users import Users

_LOG = logging.getLogger(__name__)
_HASHES_AT_ONCE = 2
"""Each takes 64 MiB."""
_MOST_WAITING = 20
_MOST_BYTES = 4096
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {"cache-control": "no-store", "content-security-policy": _POLICY, "referrer-policy": "same-origin"}


class _TooMany(Exception):
    """Passwords come faster than they may, or can, be checked."""


@dataclass(frozen=True)
class _SignIn:
    users: Users
    sessions: Sessions
    attempts: Attempts
    limit: anyio.CapacityLimiter
    prefix: str

    async def check(self, request: Request) -> Response:
        """200 if the caller may pass; else the way to the page, or 401 for a program."""
        path = request.url.path.removeprefix(CHECK) + (f"?{request.url.query}" if request.url.query else "")
        if self.sessions.is_open(request.cookies.get(COOKIE, "")):
            return Response()
        try:
            if (given := _basic(request)) and await self._is_right(request, *given):
                return Response()
        except _TooMany:
            return self._wait()
        if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(f"{self.prefix}/sign-in?next={quote(path, safe='')}", 303, _HEADERS)
        told = f"Sign in at {self.prefix}/sign-in, or send a name and password: curl --user.\n"
        return PlainTextResponse(told, 401, {"www-authenticate": 'Session realm="Dagster"', **_HEADERS})

    async def page(self, request: Request) -> Response:
        """The form, or that one is signed in already."""
        is_in = self.sessions.is_open(request.cookies.get(COOKIE, ""))
        return self._page(is_in=is_in, then=request.query_params.get("next", ""))

    async def sign_in(self, request: Request) -> Response:
        """Begin a session, and go on to the page that was asked for."""
        if not _is_own(request):
            return PlainTextResponse("Forms of other sites' pages are refused.\n", 403, _HEADERS)
        if int(request.headers.get("content-length", _MOST_BYTES + 1)) > _MOST_BYTES:
            return PlainTextResponse(f"Allowed: a form of at most {_MOST_BYTES} bytes.\n", 413, _HEADERS)
        form = parse_qs((await request.body()).decode(errors="replace"))
        name, password, then = (form.get(field, [""])[0] for field in ("name", "password", "next"))
        try:
            if not await self._is_right(request, name, password):
                return self._page(
                    fault="This name and password are not known.", name=name, then=then, status=401
                )
        except _TooMany:
            return self._wait()
        answer = RedirectResponse(self._safe(then), 303, _HEADERS)
        is_tls = request.headers.get("x-forwarded-proto") == "https"
        answer.set_cookie(
            COOKIE,
            self.sessions.begin(name),
            max_age=LASTS_SECONDS,
            path=self.prefix,
            httponly=True,
            samesite="lax",  # a link in an alert's mail leads into the UI
            secure=is_tls,
        )
        return answer

    async def sign_out(self, request: Request) -> Response:
        """Forget the cookie."""
        if not _is_own(request):
            return PlainTextResponse("Forms of other sites' pages are refused.\n", 403, _HEADERS)
        answer = RedirectResponse(f"{self.prefix}/sign-in", 303, _HEADERS)
        answer.delete_cookie(COOKIE, path=self.prefix)
        return answer

    async def _is_right(self, request: Request, name: str, password: str) -> bool:
        if self.sessions.remembers(name, password):
            return True
        address = _address(request)
        if self.attempts.are_too_many(address) or self.limit.statistics().tasks_waiting >= _MOST_WAITING:
            raise _TooMany
        if await anyio.to_thread.run_sync(self.users.knows, name, password, limiter=self.limit):
            self.sessions.remember(name, password)
            _LOG.info("%r signed in from %s", name, address)
            return True
        self.attempts.was_wrong(address)
        _LOG.warning("wrong password for %r from %s", name, address)
        return False

    def _safe(self, path: str) -> str:
        """A path within the UI; its first page for anything else."""
        return path if re.fullmatch(rf"{self.prefix}(/[!-\[\]-~]*)?", path) else f"{self.prefix}/"

    def _wait(self) -> Response:
        wait = f"{WITHIN_SECONDS:.0f}"
        told = f"Too many wrong passwords. Wait {wait} seconds.\n"
        return PlainTextResponse(told, 429, {"retry-after": wait, **_HEADERS})

    def _page(
        self, *, fault: str = "", name: str = "", then: str = "", is_in: bool = False, status: int = 200
    ) -> Response:
        shown = _TEMPLATE.render(
            fault=fault, name=name, then=self._safe(then), is_in=is_in, prefix=self.prefix
        )
        return HTMLResponse(shown, status, _HEADERS)


def application(file: Path, prefix: str) -> Starlette:
    """The service for a UI below a prefix. Raises SignInError if the file of users cannot be used."""
    users = Users(file)
    users.hashes()
    service = _SignIn(
        users=users,
        sessions=Sessions(users),
        attempts=Attempts(),
        limit=anyio.CapacityLimiter(_HASHES_AT_ONCE),
        prefix=prefix,
    )
    return Starlette(
        routes=[
            Route(f"{prefix}/sign-in", service.page, methods=["GET"]),
            Route(f"{prefix}/sign-in", service.sign_in, methods=["POST"]),
            Route(f"{prefix}/sign-out", service.sign_out, methods=["POST"]),
            Route(
                CHECK + "{path:path}",
                service.check,
                methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
            ),
        ]
    )


def _basic(request: Request) -> tuple[str, str] | None:
    """Name and password as programs send them (RFC 7617)."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, password


def _address(request: Request) -> str:
    """The caller's, as Envoy saw it: what a caller claims stands before it."""
    return request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()


def _is_own(request: Request) -> bool:
    """Whether a form was sent by a page of this site; programs name no origin."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower() != ""


_TEMPLATE = Environment(
    loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, autoescape=True
).get_template("page.html.jinja")
