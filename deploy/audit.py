"""Ask whether an advisory names a pinned version. Exits with 1 if one does, with 2 if some were not asked.

    python deploy/audit.py constraints.txt

pip-audit itself passes over packages that it could not look up, and then ends well.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def main(pins: str) -> int:
    """The exit code."""
    command = ["-m", "pip_audit", "--requirement", pins, "--no-deps", "--disable-pip", "--format", "json"]
    ran = subprocess.run(
        [sys.executable, *command, "--progress-spinner", "off"], capture_output=True, text=True, check=False
    )
    try:
        found = json.loads(ran.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(f"Not audited: the advisory service could not be asked.\n{_last(ran.stderr)}")  # noqa: T201
        return 2
    lines, code = report(found)
    print("\n".join(lines))  # noqa: T201
    return code


def report(found: list[dict[str, Any]]) -> tuple[list[str], int]:
    """What to print, and the exit code."""
    named = [(one, advisory) for one in found for advisory in one.get("vulns", ())]
    unknown = [one["name"] for one in found if "skip_reason" in one]
    lines = [
        f"{one['name']} {one['version']}: {advisory['id']}, fixed in {advisory['fix_versions']}"
        for one, advisory in named
    ]
    lines.append(f"{len(found) - len(unknown)} packages audited, {len(named)} advisories.")
    if unknown:
        first = ", ".join(unknown[:5])
        lines.append(
            f"Not audited: {len(unknown)} of {len(found)} packages ({first}, ...), because the advisory "
            "service could not be reached or does not know them. Repeat this where https://pypi.org can be "
            "reached."
        )
    return lines, 1 if named else 2 if unknown else 0


def _last(text: str) -> str:
    return text.strip().rpartition("\n")[2]


if __name__ == "__main__":
    sys.exit(main(str(Path(sys.argv[1]))))
