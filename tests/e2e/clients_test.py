"""One set of checks by a client that nobody here wrote: curl, Node's fetch, Python's urllib, Go's net/http.

Each is a program in clients/ that is given the daemon's URL, makes the same requests in the same order,
and prints a line for each check that holds. It ends with another code than 0 at the first that does not.
"""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from daemon import Daemon  # noqa: E402

SKIPPED = 77
PROGRAMS = ROOT / "tests" / "e2e" / "clients"

CLIENTS = {
    "curl": ("bash", PROGRAMS / "with_curl.sh"),
    "fetch": ("node", PROGRAMS / "with_fetch.mjs"),
    "nethttp": ("go", "run", PROGRAMS / "with_nethttp.go"),
    "urllib": (sys.executable, PROGRAMS / "with_urllib.py"),
}
NEEDED = {"curl": "curl", "fetch": "node", "nethttp": "go"}

CHECKS = """\
put creates
put replaces
get returns value, type and tag
get of nothing is a problem
get of the same is 304
put if absent
put if unchanged
every byte as a value
every byte in a batch
batch
"""


def main(binary, client):
    tool = NEEDED.get(client)
    if tool and not shutil.which(tool):
        print(f"skipped: {tool} is not installed; ./dev test installs it")
        return SKIPPED
    # What Go builds stays here, and it has nothing to fetch.
    environment = {**os.environ, "NO_PROXY": "*", "GOCACHE": str(ROOT / "build" / "go"), "GOPROXY": "off",
                   "GO111MODULE": "off"}
    with Daemon(binary) as daemon:
        command = [*map(str, CLIENTS[client]), f"http://127.0.0.1:{daemon.port}"]
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              text=True, timeout=300, check=False)
    print(done.stdout)
    if done.returncode == 0 and done.stdout != CHECKS:
        print("expected were:", CHECKS, sep="\n")
        return 1
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
