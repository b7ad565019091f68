"""Signatures on checkpoints, by OpenSSH: `ssh-keygen -Y sign` makes one; the key stays where it is."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import click

from house_prices.registry import Head, checkpoint

NAMESPACE = "house-prices"
"""What the signature is for: one that was made for something else is refused."""


@dataclass(frozen=True, kw_only=True)
class SignedHead:
    """A checkpoint's head, and who signed it."""

    head: Head
    by: str
    """A name from the file of signers; empty if nobody asked."""

    def __str__(self) -> str:
        return f"and with a checkpoint signed by {self.by}" if self.by else (
            "and with a checkpoint whose signature was not checked (--signers)"
        )  # fmt: skip


def signed_head(file: Path, signers: Path | None, market: str) -> SignedHead:
    """The head in a checkpoint. Ends the command if `signers` are given and none of them signed it."""
    content = file.read_text(encoding="utf-8")
    by = _signer(file, content, signers) if signers else ""
    return SignedHead(head=checkpoint.read(content, market, str(file)), by=by)


def _signer(file: Path, content: str, signers: Path) -> str:
    signature = Path(f"{file}.sig")
    try:
        found = _ssh_keygen("find-principals", "-s", str(signature), "-f", str(signers))
        who = found.stdout.partition("\n")[0]
        words = ("-s", str(signature), "-f", str(signers), "-I", who, "-n", NAMESPACE)
        done = _ssh_keygen("verify", *words, given=content)
    except FileNotFoundError as error:
        raise click.ClickException(
            "checking a signature needs ssh-keygen, from OpenSSH 8.2 or newer."
        ) from error
    if found.returncode or done.returncode:
        raise click.ClickException(
            f"{file}: no signature of these signers: {(found.stderr or done.stdout or done.stderr).strip()}"
        )
    return who


def _ssh_keygen(act: str, *words: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    command = ["ssh-keygen", "-Y", act, *words]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False)
