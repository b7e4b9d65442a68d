"""Executes a page: what it says to type is typed, and what it says comes back must come back.

The page is the README, or the one that is named behind the daemon, and before the daemon's options.
Its code blocks that begin with ```sh are commands. Each is run by bash, with the daemon under test on
a port of its own in place of 7171; one that sets a variable is run together with the next. Comment
lines below a command are its output, as is a ```text block that follows a block of one command; "..."
stands for anything. A curl command without output has to succeed. Blocks that begin with ```sh no-test are commands that install, build or serve:
they are listed as not run.
"""

import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from daemon import Daemon  # noqa: E402

BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def goes_on(command):
    """Whether the next line belongs to a command too."""
    return (command[-1].endswith("\\") or "\n".join(command).count("'") % 2 == 1
            or re.match(r"\w+=\$\(", command[-1]) is not None)


def steps(lines):
    """Splits the lines of a block into (command, expected output or None)."""
    command, output, result = [], [], []

    def finish():
        if command:
            result.append(("\n".join(command), "\n".join(output) if output else None))
        command.clear()
        output.clear()

    for line in lines:
        if command and goes_on(command):
            command.append(line)
        elif line.startswith("#"):
            if command:
                output.append(line[2:])
        elif line.strip():
            finish()
            command.append(line)
    finish()
    return result


def commands(readme):
    """(tested, not tested): lists of (command, expected output or None)."""
    tested, untested = [], []
    previous = None
    for kind, info, text in BLOCK.findall(readme):
        if kind == "sh":
            previous = untested if "no-test" in info.split() else tested
            previous.extend(steps(text.splitlines()))
        elif kind == "text" and previous is not None:
            command, expected = previous.pop()
            if expected is not None:
                raise ValueError(f"two outputs for {command}")
            previous.append((command, text.rstrip("\n")))
            previous = None
        else:
            previous = None
    return tested, untested


def matches(expected, actual):
    pattern = ".*".join(re.escape(part) for part in expected.split("..."))
    return re.fullmatch(pattern, actual, re.DOTALL) is not None


class Extraction(unittest.TestCase):
    def test_blocks_become_commands_with_their_output(self):
        tested, untested = commands(
            "# A heading\n```sh\n# What follows stores a key.\ncurl a \\\n  b\n# one\n# two\n\ncurl c\n```\n"
            "```sh\na=$(b)\ncurl $a '{\n}'\n# three\n```\n"
            "```sh no-test\n./dev run\n```\n```json\n{}\n```\n```sh\nhelp\n```\nSays:\n```text\nusage\n  it\n```\n")
        self.assertEqual(tested, [("curl a \\\n  b", "one\ntwo"), ("curl c", None),
                                  ("a=$(b)\ncurl $a '{\n}'", "three"), ("help", "usage\n  it")])
        self.assertEqual(untested, [("./dev run", None)])

    def test_dots_stand_for_anything(self):
        self.assertTrue(matches("Date: ...\nOK", "Date: now\nOK"))
        self.assertFalse(matches("Date: ...\nOK", "Date: now\nKO"))
        self.assertFalse(matches("a.b", "aXb"))


class Page(unittest.TestCase):
    def test_the_commands_do_what_the_page_says(self):
        tested, untested = commands((ROOT / PAGE).read_text(encoding="utf-8"))
        self.assertGreater(len(tested), 5)
        for command, _ in untested:
            print("not run:", command)
        with Daemon(BINARY, *OPTIONS) as daemon:
            for command, expected in tested:
                with self.subTest(command=command):
                    self.execute(daemon, command, expected)

    def execute(self, daemon, command, expected):
        tool = command.split()[0]
        if tool in ("curl", "locust") and not shutil.which(tool):
            print(f"not run, {tool} is not installed:", command)
            return
        print("run:", command)
        line = command.replace("build/release/cubbyd", BINARY).replace("7171", str(daemon.port))
        if expected is None:
            line = line.replace("curl ", "curl --fail ")
        # A proxy of the machine's has no part in talking to localhost; Locust takes its address from
        # the environment where the command line has none.
        environment = {**os.environ, "NO_PROXY": "*", "LOCUST_HOST": f"http://127.0.0.1:{daemon.port}"}
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", line], cwd=ROOT, env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        if expected is None:
            return
        actual = done.stdout.replace("\r\n", "\n").rstrip("\n").replace(str(daemon.port), "7171")
        if not matches(expected, actual):
            self.fail("\n".join(difflib.unified_diff(expected.split("\n"), actual.split("\n"),
                                                     PAGE, "what came back", lineterm="")))


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    PAGE, *OPTIONS = sys.argv[1:] or ["README.md"]
    unittest.main(argv=sys.argv[:1])
