"""A memory cgroup made by hand, of either version (cgroups(7)), for tests of small containers."""

import errno
import os
import pathlib
import subprocess
import tempfile
import time

REMOVE_SECONDS = 10


class Unavailable(Exception):
    """This machine does not let us make one; the text says why."""


class MemoryCgroup:
    """Exists inside a `with` block; everything in it must have ended when the block is left."""

    def __init__(self, limit_bytes):
        self._limit_bytes = limit_bytes
        self._mounted = None

    def __enter__(self):
        try:
            parent, self._version = _find_parent() or (self._mount(), 1)
            self._directory = parent / f"cubby-test-{os.getpid()}"
            self._directory.mkdir()
            try:
                self._set_limit()
            except OSError:
                self._directory.rmdir()
                raise
        except OSError as error:
            self._unmount()
            raise Unavailable(f"cannot make a memory cgroup: {error}") from error
        return self

    def __exit__(self, *_):
        deadline = time.monotonic() + REMOVE_SECONDS
        while True:
            try:
                self._directory.rmdir()
                break
            except OSError as error:
                # The kernel lets go of a process a moment after it was waited for.
                if error.errno != errno.EBUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        self._unmount()

    def launcher(self):
        """A command that becomes the one that follows it, inside the group."""
        return ["/bin/sh", "-c", 'echo $$ >"$0" && exec "$@"', str(self._directory / "cgroup.procs")]

    def oom_kills(self):
        file = self._directory / ("memory.events" if self._version == 2 else "memory.oom_control")
        counts = dict(line.split() for line in file.read_text().splitlines())
        return int(counts["oom_kill"])

    def peak_bytes(self):
        """The most that was charged to the group, or None where the kernel does not say."""
        name = "memory.peak" if self._version == 2 else "memory.max_usage_in_bytes"
        try:
            return int((self._directory / name).read_text())
        except FileNotFoundError:
            return None

    def _set_limit(self):
        names = (("memory.max", self._limit_bytes), ("memory.swap.max", 0))
        if self._version == 1:
            names = (("memory.limit_in_bytes", self._limit_bytes),
                     ("memory.memsw.limit_in_bytes", self._limit_bytes))
        for name, number in names:
            file = self._directory / name
            # Where swap is not accounted for there is no file for it.
            if file.exists() or name == names[0][0]:
                file.write_text(str(number))

    def _mount(self):
        self._mounted = tempfile.mkdtemp(prefix="cubby-cgroup-")
        done = subprocess.run(["mount", "-t", "cgroup", "-o", "memory", "none", self._mounted],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise OSError("no memory controller is mounted, and " + done.stderr.strip())
        return pathlib.Path(self._mounted)

    def _unmount(self):
        if self._mounted is not None:
            subprocess.run(["umount", self._mounted], capture_output=True, check=False)
            os.rmdir(self._mounted)
            self._mounted = None


def _find_parent():
    """Where groups can be made and which version it is; None when no controller is mounted."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        left, _, right = line.partition(" - ")
        point = pathlib.Path(left.split()[4])
        kind, _, options = right.split(maxsplit=2)
        if kind == "cgroup" and "memory" in options.split(","):
            return point, 1
        if kind == "cgroup2" and "memory" in (point / "cgroup.controllers").read_text().split():
            if "memory" not in (point / "cgroup.subtree_control").read_text().split():
                (point / "cgroup.subtree_control").write_text("+memory")
            return point, 2
    return None
