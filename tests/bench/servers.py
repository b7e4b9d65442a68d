"""The servers that are measured: how each is started, and what its process has used."""

import dataclasses
import os
import pathlib
import socket
import subprocess
import time

START_SECONDS = 20
STOP_SECONDS = 60
BODY_BYTES = 120


@dataclasses.dataclass(frozen=True)
class Spec:
    """A server and what is in it. "cubbyd" is the daemon as it is shipped, and "v1" the same, asked
    at /v1/keys; "plain" is the one that was built without a profile. `body_bytes` is what floor and
    nginx answer with, always."""

    kind: str
    workers: int = 1
    keys: int = 50_000
    value_bytes: int = 64
    body_bytes: int = BODY_BYTES

    def protocol(self):
        named = {"cubbyd": "cubby", "v1": "cubby-v1", "plain": "cubby", "redis": "redis",
                 "memcached": "memcached"}
        return named.get(self.kind, "canned")


@dataclasses.dataclass(frozen=True)
class Places:
    """Where the programs are, and a directory for what servers want to write."""

    cubbyd: pathlib.Path
    plain: pathlib.Path
    programs: pathlib.Path
    scratch: pathlib.Path

    def load(self):
        """Our own load program."""
        return self.programs / "load"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def nginx_configuration(port, body_bytes, scratch):
    temporary = "\n".join(f'  {part}_temp_path "{scratch}/nginx-{part}";'
                          for part in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""daemon off;
master_process off;
pid "{scratch}/nginx.pid";
error_log "{scratch}/nginx.log";
events {{ worker_connections 20000; }}
http {{
  access_log off;
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
{temporary}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    default_type application/json;
    location / {{ return 200 "{"x" * body_bytes}"; }}
  }}
}}
"""


def command_of(spec, port, places):
    if spec.kind == "floor":
        return [places.programs / "floor", port, spec.workers, spec.body_bytes]
    if spec.kind in ("cubbyd", "v1", "plain"):
        program = places.plain if spec.kind == "plain" else places.cubbyd
        return [program, "--port", port, "--threads", spec.workers, "--max-memory", "3g",
                "--idle-timeout", "1h"]
    if spec.kind == "nginx":
        file = places.scratch / f"nginx-{port}.conf"
        text = nginx_configuration(port, spec.body_bytes, places.scratch)
        file.write_text(text, encoding="utf-8")
        return ["nginx", "-e", places.scratch / "nginx.log", "-p", places.scratch, "-c", file]
    if spec.kind == "redis":
        return ["redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "",
                "--appendonly", "no", "--maxclients", 15000, "--dir", places.scratch]
    if spec.kind == "memcached":
        # As root it wants to be told who to be.
        user = ["-u", "root"] if os.geteuid() == 0 else []
        return ["memcached", "-l", "127.0.0.1", "-p", port, "-U", 0, "-t", spec.workers, "-m", 1024,
                "-c", 15000, *user]
    raise ValueError(spec.kind)


class Server:
    """Runs a server on some of the CPUs, for the time of a `with` block."""

    def __init__(self, spec, cpus, places):
        self.spec = spec
        self.port = free_port()
        self._cpus = cpus
        self._log = places.scratch / f"{spec.kind}-{self.port}.log"
        self._command = [str(word) for word in command_of(spec, self.port, places)]

    def __enter__(self):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CUBBY_")}
        # Debian has nginx where only root looks.
        environment["PATH"] = environment.get("PATH", "") + ":/usr/sbin"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=lambda: os.sched_setaffinity(0, self._cpus))
        try:
            self._wait_until_it_listens()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def cpu_us(self):
        """The CPU time that all of its threads have used so far, in microseconds."""
        total_ns = 0
        for task in pathlib.Path(f"/proc/{self._process.pid}/task").iterdir():
            total_ns += int((task / "schedstat").read_text().split()[0])
        return total_ns / 1000

    def resident_bytes(self):
        for line in pathlib.Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError(f"{self.spec.kind} has ended")

    def _wait_until_it_listens(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"{self.spec.kind} does not listen:\n{self._log.read_text()}")
