"""The browser that pages are looked at with."""

import os
import shutil

import pytest

EXECUTABLE = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

needed = pytest.mark.skipif(
    EXECUTABLE is None and "CI" not in os.environ, reason="chromium is not installed: no page is looked at"
)
