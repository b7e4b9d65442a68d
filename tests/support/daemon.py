"""cubbyd as a child process, for the tests that are written in Python."""

import os
import re
import subprocess
import threading

START_SECONDS = 30
STOP_SECONDS = 30


class Daemon:
    """Starts cubbyd on a port that the system chooses, and stops it at the end of a `with` block.

    `port` is the port, taken from the line that the daemon logs when it is ready. Leaving the block
    fails when the daemon did not exit with 0 upon SIGTERM. `launcher` is a command that is put
    before the daemon's own, and becomes it.
    """

    def __init__(self, binary, *options, launcher=()):
        self._command = [*launcher, str(binary), "--port", "0", *options]
        self._log = []

    def __enter__(self):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CUBBY_")}
        self._process = subprocess.Popen(self._command, env=environment, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        watchdog = threading.Timer(START_SECONDS, self._process.kill)
        watchdog.start()
        for line in self._process.stdout:
            self._log.append(line)
            found = re.search(r"127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found[1])
                break
        watchdog.cancel()
        self._rest = threading.Thread(target=self._collect)
        self._rest.start()
        if not hasattr(self, "port"):
            self._process.kill()
            self._end()
            raise AssertionError(f"no start line from {self._command}:\n{self.log()}")
        return self

    def __exit__(self, kind, value, traceback):
        self._process.terminate()
        code = self._end()
        if kind is None and code != 0:
            raise AssertionError(f"cubbyd ended with {code}:\n{self.log()}")

    def log(self):
        """Everything that the daemon has printed so far."""
        return "".join(self._log)

    def alive(self):
        return self._process.poll() is None

    def _collect(self):
        self._log.extend(self._process.stdout)

    def _end(self):
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._rest.join()
        self._process.stdout.close()
        return code
