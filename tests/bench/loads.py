"""The loads that servers are measured under, by wrk or by our own program, and what comes out."""

import contextlib
import dataclasses
import os
import pathlib
import re
import subprocess

RESULT = re.compile(r"^requests=(\d+) errors=(\d+) seconds=([\d.]+)$", re.MULTILINE)
PATIENCE_SECONDS = 120


@dataclasses.dataclass(frozen=True)
class Load:
    """What is asked of a server. Without `active`, all connections are.

    `own` has it done by our own program instead of wrk, which knows neither Redis's protocol nor
    memcached's. What is compared with these has to be asked by ours as well.
    """

    depth: int = 1
    put_percent: int = 10
    connections: int = 64
    active: int = 0
    close: bool = False
    own: bool = False


@dataclasses.dataclass(frozen=True)
class Outcome:
    requests: int
    errors: int
    seconds: float


def parse_outcome(output):
    found = RESULT.search(output)
    if not found:
        raise RuntimeError(f"the load did not say what came out:\n{output}")
    return Outcome(int(found[1]), int(found[2]), float(found[3]))


def own_command(program, server, *words):
    protocol = server.spec.protocol()
    name = "cubby" if protocol == "canned" else protocol
    return [str(word) for word in (program, name, server.port, *words)]


def _popen(command, cpus, **options):
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                            preexec_fn=lambda: os.sched_setaffinity(0, cpus), **options)


def _finish(process):
    output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    if process.returncode != 0:
        raise RuntimeError(f"{process.args[0]} failed with {process.returncode}:\n{output}")
    return parse_outcome(output)


def fill(program, server, cpus):
    """Puts every key of the server's spec once."""
    if server.spec.protocol() == "canned":
        return
    spec = server.spec
    with _popen(own_command(program, server, "fill", spec.keys, spec.value_bytes), cpus) as process:
        outcome = _finish(process)
    if outcome.errors or outcome.requests != spec.keys:
        raise RuntimeError(f"{spec.kind} was to be filled with {spec.keys} keys: {outcome}")


@contextlib.contextmanager
def connected(program, server, load, seconds, cpus):
    """Our own load when it has connected and had a reply on each connection, and waits for go()."""
    spec = server.spec
    command = own_command(program, server, "run", spec.keys, spec.value_bytes, load.connections,
                          load.active or load.connections, load.depth, load.put_percent, seconds)
    with _popen(command, cpus, stdin=subprocess.PIPE) as process:
        try:
            if process.stdout.readline() != "ready\n":
                raise RuntimeError(f"{command} could not connect")
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def _run_own(program, server, load, seconds, cpus):
    with connected(program, server, load, seconds, cpus) as process:
        before = server.cpu_us()
        process.stdin.write("go\n")
        process.stdin.flush()
        outcome = process.stdout.readline()
        used = server.cpu_us() - before
        process.stdin.close()
        if process.wait(PATIENCE_SECONDS) != 0:
            raise RuntimeError(f"{process.args[0]} failed with {process.returncode}:\n{outcome}")
        return parse_outcome(outcome), used


def _run_wrk(server, load, seconds, cpus):
    spec = server.spec
    environment = dict(os.environ, LOAD_SERVER=spec.protocol(), LOAD_KEYS=str(spec.keys),
                       LOAD_VALUE_BYTES=str(spec.value_bytes), LOAD_DEPTH=str(load.depth),
                       LOAD_PUT_PERCENT=str(load.put_percent))
    if load.close:
        environment["LOAD_CLOSE"] = "yes"
    script = pathlib.Path(__file__).with_name("load.lua")
    command = ["wrk", "-t", "1", "-c", str(load.connections), "-d", f"{seconds}s",
               "-s", str(script), f"http://127.0.0.1:{server.port}/"]
    before = server.cpu_us()
    with _popen(command, cpus, env=environment) as process:
        outcome = _finish(process)
    return outcome, server.cpu_us() - before


def run(program, server, load, seconds, cpus):
    """(what the load counted, the CPU that the server used meanwhile in microseconds)"""
    if load.own:
        return _run_own(program, server, load, seconds, cpus)
    return _run_wrk(server, load, seconds, cpus)
