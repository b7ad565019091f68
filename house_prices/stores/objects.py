"""Object storage as a store."""

from contextlib import AbstractContextManager

import fsspec

from house_prices.errors import StoreError, StoreUnavailable
from house_prices.stores import failures


class Objects:
    """The objects below a URL. Each is there as a whole or not at all, which every storage promises."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        with self._told():
            self._system, self._root = fsspec.core.url_to_fs(
                self._url, use_listings_cache=False, **failures.options(url)
            )

    def __str__(self) -> str:
        return self._url

    def names(self, below: str = "") -> list[str]:
        """What is there, in order; only what is in one folder if it is named."""
        with self._told():
            found = self._system.find(self._at(below) if below else self._root)
        return sorted(str(each)[len(self._root) + 1 :] for each in found)

    def read(self, name: str) -> bytes:
        """The content of an object. Raises FileNotFoundError."""
        with self._told(missing=True):
            return bytes(self._system.cat_file(self._at(name)))

    def write(self, name: str, content: bytes) -> None:
        """Write an object, in place of another of that name."""
        with self._told():
            self._system.pipe_file(self._at(name), content)

    def create(self, name: str, content: bytes) -> bool:
        """Write an object that is not there. False if one is, which stays as it is: a conditional write."""
        with self._told():
            try:
                self._system.pipe_file(self._at(name), content, mode="create")
            except OSError as error:
                if _was_there(error):
                    return False
                raise
        return True

    def delete(self, name: str) -> None:
        """Remove an object."""
        with self._told():
            self._system.rm_file(self._at(name))

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _told(self, *, missing: bool = False) -> AbstractContextManager[None]:
        passed = (FileNotFoundError,) if missing else ()
        return failures.told(self._url, StoreError, StoreUnavailable, passed=passed)


def _was_there(error: OSError) -> bool:
    """Whether a conditional write was refused; s3fs makes an OSError like any other of S3's answer."""
    answer = getattr(error.__cause__, "response", {})
    return isinstance(error, FileExistsError) or answer.get("Error", {}).get("Code") == "PreconditionFailed"
