"""What object storages and web servers answer instead of an object, as sentences that say what to do."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from house_prices.errors import HousePricesError

_CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_ENDPOINT_URL for another server than AWS)",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or AZURE_STORAGE_CONNECTION_STRING",
}
_AZURE = ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_CONNECTION_STRING")


@contextmanager
def told(
    url: str,
    error: type[HousePricesError],
    later: type[HousePricesError],
    *,
    correct: str = "Correct the URL.",
    passed: tuple[type[Exception], ...] = (),
) -> Iterator[None]:
    """Raise `error`, or `later` where another try may do, for what a library raises within the block.

    `passed` are exceptions that the caller knows what to do with.
    """
    scheme = url.partition("://")[0]
    needed = _CREDENTIALS.get(scheme, "what the storage needs")
    try:
        yield
    except passed:
        raise
    except ImportError as found:
        raise error(f"{url}: {found}. Install the extra: pip install 'house-prices[{scheme}]'.") from found
    except FileNotFoundError as found:
        raise error(f"{url}: there is no such bucket, folder or object. {correct}") from found
    except PermissionError as found:
        raise error(f"{url}: access is denied. Set {needed} in the environment.") from found
    except _refusals(scheme) as found:
        raise error(f"{url}: {str(found).splitlines()[0]} Set {needed} in the environment.") from found
    except _failures(scheme) as found:
        if getattr(found, "status_code", None) in (401, 403):
            raise error(f"{url}: access is denied. Set {needed} in the environment.") from found
        raise later(f"{url} does not answer as it should: {found}") from found


def options(url: str) -> dict[str, object]:
    """For the file system. Where there are no credentials for S3, what is public can be read still."""
    if url.startswith("az://") and not any(map(os.environ.get, _AZURE)):
        raise PermissionError(f"Neither {' nor '.join(_AZURE)} is set.")
    if not url.startswith("s3://"):
        return {}
    from botocore.session import get_session

    return {"anon": get_session().get_credentials() is None}


def _refusals(scheme: str) -> tuple[type[Exception], ...]:
    """What a library raises where it finds no credentials."""
    if scheme == "gs":
        from google.auth.exceptions import DefaultCredentialsError

        return (DefaultCredentialsError,)
    if scheme == "az":
        from azure.core.exceptions import ClientAuthenticationError

        return (ClientAuthenticationError,)
    return ()


def _failures(scheme: str) -> tuple[type[Exception], ...]:
    """What a library raises where a storage does not answer."""
    if scheme == "s3":
        from botocore.exceptions import BotoCoreError

        return (OSError, BotoCoreError)
    if scheme == "az":
        from azure.core.exceptions import AzureError

        return (OSError, AzureError)
    if scheme in ("http", "https"):
        from aiohttp import ClientError

        return (OSError, ClientError)
    return (OSError,)
