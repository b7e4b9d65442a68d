"""Where a measurement was made, and with which versions."""

import os
import pathlib
import re
import subprocess


def _first_line(*command):
    environment = dict(os.environ, PATH=os.environ.get("PATH", "") + ":/usr/sbin")
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env=environment, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.partition("\n")[0]


def version_in(text):
    """The first number with dots in a text."""
    found = re.search(r"\d+(?:\.\d+)+", text)
    return found[0] if found else "?"


def _field(file, name):
    text = pathlib.Path(file).read_text(encoding="utf-8")
    found = re.search(rf'^{name}\s*[:=]\s*"?(.*?)"?$', text, re.MULTILINE)
    return found[1] if found else "?"


def describe(cubbyd, root):
    commit = _first_line("git", "-C", str(root), "describe", "--always", "--dirty", "--exclude=*")
    packages = {"LevelDB": "libleveldb-dev", "Google Benchmark": "libbenchmark-dev"}
    versions = {
        "cubby": f"{version_in(_first_line(str(cubbyd), '--version'))} ({commit})",
        "nginx": version_in(_first_line("nginx", "-v")),
        "Redis": version_in(_first_line("redis-server", "--version")),
        "memcached": version_in(_first_line("memcached", "--version")),
        "wrk": version_in(_first_line("wrk", "-v")),
        "valgrind": version_in(_first_line("valgrind", "--version")),
        "compiler": f"g++ {version_in(_first_line('g++', '-dumpfullversion'))}",
    }
    for name, package in packages.items():
        versions[name] = version_in(_first_line("dpkg-query", "-W", "-f", "${Version}\n", package))
    gigabytes = int(_field("/proc/meminfo", "MemTotal").split()[0]) * 1024 / 1e9
    return {
        "cpu": _field("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(gigabytes),
        # Without what a distribution or a cloud adds to the kernel's own number.
        "kernel": "Linux " + version_in(os.uname().release),
        "system": _field("/etc/os-release", "PRETTY_NAME"),
        "versions": versions,
    }
