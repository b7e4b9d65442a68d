"""Runs locustfile.py against the daemon: no failures, misses counted as misses, a hit ratio."""

import pathlib
import re
import shutil
import subprocess
import sys
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from daemon import Daemon  # noqa: E402

BINARY = sys.argv.pop(1)
SKIPPED = 77


# A row of the table at the end: type, name, requests, failures(share).
ROW = re.compile(r"^(?:GET|POST)? +(Aggregated|/.*?) +(\d+) +(\d+)\(", re.MULTILINE)


def locust(daemon, *options):
    """Runs Locust for some seconds; returns requests and failures by name, and all it printed."""
    done = subprocess.run(
        ["locust", "--locustfile", ROOT / "locustfile.py", "--headless", "--users", "4",
         "--spawn-rate", "4", "--run-time", "4s", "--only-summary",
         "--host", f"http://127.0.0.1:{daemon.port}", *options],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=120, check=False)
    if done.returncode != 0:
        raise AssertionError(f"Locust ended with {done.returncode}:\n{done.stdout}")
    rows = {name: (int(count), int(failures)) for name, count, failures in ROW.findall(done.stdout)}
    return rows, done.stdout


def requests(rows, name):
    return rows.get(name, (0, 0))[0]


class LocustFile(unittest.TestCase):
    def expect_no_failures(self, rows, output):
        self.assertEqual(rows["Aggregated"][1], 0, output)
        self.assertGreater(requests(rows, "Aggregated"), 100, output)

    def test_a_cold_cache_has_misses_and_no_failures(self):
        with Daemon(BINARY) as daemon:
            rows, output = locust(daemon, "--keys", "200000")
        self.expect_no_failures(rows, output)
        self.assertGreater(requests(rows, "/get (miss)"), 0, output)
        gets = requests(rows, "/get (hit)") + requests(rows, "/get (miss)")
        self.assertAlmostEqual(gets / requests(rows, "Aggregated"), 0.7, delta=0.1)
        ratio = re.search(r"^Hit ratio: ([\d.]+)% \((\d+) hits, (\d+) misses\)$", output, re.MULTILINE)
        self.assertTrue(ratio, output)
        self.assertLess(float(ratio[1]), 50)
        self.assertEqual(int(ratio[2]) + int(ratio[3]), gets)

    def test_a_warm_cache_has_hits_only(self):
        with Daemon(BINARY) as daemon:
            rows, output = locust(daemon, "--keys", "300", "--warm", "--zipf", "1",
                                  "--get-ratio", "0.9", "--value-size", "1-5000")
        self.expect_no_failures(rows, output)
        self.assertEqual(requests(rows, "/put (warm)"), 300)
        self.assertIn("Hit ratio: 100.0%", output)

    def test_a_wrong_value_is_a_failure(self):
        with Daemon(BINARY) as daemon:
            body = b'{"key": "load-64-0", "value": "not what the load puts there"}'
            urllib.request.urlopen(f"http://127.0.0.1:{daemon.port}/put", body).close()
            with self.assertRaisesRegex(AssertionError, "not the one that was put"):
                locust(daemon, "--keys", "1", "--get-ratio", "1")

    def test_a_dead_server_is_a_failure(self):
        with Daemon(BINARY) as daemon:
            pass
        with self.assertRaisesRegex(AssertionError, "Connection refused"):
            locust(daemon)


if __name__ == "__main__":
    if not shutil.which("locust"):
        print("skipped: locust is not installed (python3-locust)")
        sys.exit(SKIPPED)
    unittest.main()
