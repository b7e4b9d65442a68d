"""The programs from the npm registry that ./dev test installs, for the tests that run them."""

import os
import pathlib
import subprocess
import sys

SKIPPED = 77
INSTALLED = pathlib.Path(__file__).resolve().parents[2] / "build" / "npm"


def run(name, *arguments, timeout):
    """Runs one of them, and returns what became of it; ends the test as skipped when it is not there."""
    program = INSTALLED / "node_modules" / ".bin" / name
    if not (INSTALLED / "installed").exists() or not program.exists():
        print(f"skipped: {program} is not there; ./dev test installs it")
        sys.exit(SKIPPED)
    # Neither reports home, nor asks for a newer version.
    environment = {**os.environ, "REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
                   "NO_PROXY": "*", "NO_COLOR": "1"}
    return subprocess.run([str(program), *arguments], env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout,
                          check=False)
