"""cubbyd with its defaults in a container of 256 MiB that everybody wants more of.

Eight clients put ten times more than fits, pipelined, with values up to 1 MiB, while 2,000
connections each hold half of a request. Nothing is killed, and whoever behaves is answered.
"""

import http.client
import json
import math
import multiprocessing
import pathlib
import random
import re
import resource
import selectors
import socket
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from daemon import Daemon  # noqa: E402
from memory_cgroup import MemoryCgroup, Unavailable  # noqa: E402

SKIPPED = 77
LIMIT_BYTES = 256 << 20
LARGEST_VALUE = 1 << 20
CLIENTS = 8
DEPTH = 8
HALF_SENDERS = 2000
PATIENCE_SECONDS = 10
HALF_REQUEST = (b"POST /put HTTP/1.1\r\nHost: cubby\r\nContent-Length: 1048576\r\n\r\n"
                b'{"key": "half", "value": "').ljust(1 << 19, b"h")


def connect(port):
    return socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS)


def expect_ok(stream):
    """Reads one reply from a socket's file, which must be a 200."""
    line = stream.readline()
    if not line.endswith(b"\r\n"):
        raise AssertionError(f"the connection was closed in place of a reply, after {line!r}")
    status = int(line.split()[1])
    length = 0
    while (field := stream.readline()) != b"\r\n":
        name, _, value = field.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    body = stream.read(length)
    if status != 200:
        raise AssertionError(f"answered with {status}: {body!r}")


def put_much(port, seed, total_bytes):
    """Puts that many bytes of values, pipelined; every one must be stored."""
    choose = random.Random(seed)
    with connect(port) as client, client.makefile("rb") as replies:
        left = total_bytes
        while left > 0:
            batch = []
            for _ in range(DEPTH):
                size = round(math.exp(choose.uniform(0, math.log(LARGEST_VALUE))))
                body = b'{"key":"%d","value":"%s"}' % (choose.getrandbits(64), b"v" * size)
                batch.append(b"POST /put HTTP/1.1\r\nHost: cubby\r\nContent-Length: %d\r\n\r\n%s"
                             % (len(body), body))
                left -= size
            client.sendall(b"".join(batch))
            for _ in range(DEPTH):
                expect_ok(replies)


def ask_health(port, parent):
    """Asks until the parent says stop; returns how often, and the slowest reply in seconds."""
    count, slowest = 0, 0.0
    with connect(port) as client, client.makefile("rb") as replies:
        while not parent.poll(0.001):
            begin = time.monotonic()
            client.sendall(b"GET /health HTTP/1.1\r\nHost: cubby\r\n\r\n")
            expect_ok(replies)
            slowest = max(slowest, time.monotonic() - begin)
            count += 1
    return count, slowest


class HalfSender:
    """A connection that sends half of a request and then waits."""

    def __init__(self, port):
        self.socket = connect(port)
        self.socket.setblocking(False)
        self.unsent = memoryview(HALF_REQUEST)
        self.received = b""
        self.closed = False

    def wants(self):
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self.unsent else 0)

    def go_on(self, events):
        try:
            if events & selectors.EVENT_READ:
                block = self.socket.recv(65536)
                self.received += block
                self.closed = not block
            elif events & selectors.EVENT_WRITE:
                self.unsent = self.unsent[self.socket.send(self.unsent):]
        except BlockingIOError:
            pass
        except (BrokenPipeError, ConnectionResetError):
            # What came before can still be read; at the second time there is nothing more.
            self.closed = not self.unsent
            self.unsent = b""

    def refused(self):
        return self.received.startswith(b"HTTP/1.1 503 ")


def send_halves(port, parent):
    """Holds HALF_SENDERS of them until the parent says stop; returns how many were fully sent, and
    how many were refused."""
    senders = [HalfSender(port) for _ in range(HALF_SENDERS)]
    with selectors.DefaultSelector() as selector:
        selector.register(parent, selectors.EVENT_READ)
        for sender in senders:
            selector.register(sender.socket, sender.wants(), sender)
        stop_at = math.inf
        # A refused connection is closed soon after, which may be after the parent's word.
        while time.monotonic() < stop_at and not (
                stop_at < math.inf and all(s.closed or not s.received for s in senders)):
            for key, events in selector.select(0.1):
                if key.fileobj is parent:
                    selector.unregister(parent)
                    stop_at = time.monotonic() + PATIENCE_SECONDS
                    continue
                sender = key.data
                sender.go_on(events)
                if sender.closed:
                    selector.unregister(sender.socket)
                elif key.events != sender.wants():
                    selector.modify(sender.socket, sender.wants(), sender)
    for number, sender in enumerate(senders):
        sender.socket.close()
        if sender.refused() != sender.closed or bool(sender.received) != sender.closed:
            raise AssertionError(f"half-sender {number}: closed {sender.closed}, after "
                                 f"{sender.received[:300]!r}")
    return (sum(not sender.unsent and not sender.closed for sender in senders),
            sum(sender.closed for sender in senders))


def child(work, port, pipe):
    try:
        pipe.send((work(port, pipe), None))
    except (AssertionError, OSError, ValueError) as problem:
        pipe.send((None, f"{work.__name__}: {problem!r}"))


class Child:
    """Runs work(port, pipe) in a process of its own, so that its times are its own."""

    def __init__(self, work, port):
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=child, args=(work, port, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def stop(self):
        try:
            self._pipe.send("stop")
        except BrokenPipeError:  # it has failed, and its report waits to be read
            pass
        result, problem = self._pipe.recv()
        self._process.join()
        if problem:
            raise AssertionError(problem)
        return result


def run_clients(port, total_bytes):
    """Returns what went wrong, one text a client."""
    problems = []

    def work(seed):
        try:
            put_much(port, seed, total_bytes // CLIENTS)
        except (AssertionError, OSError, ValueError) as problem:
            problems.append(f"client {seed}: {problem!r}")

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems


def expect_service(port):
    """What is put now is there afterwards."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    connection.request("POST", "/put", b'{"key": "after", "value": "wards"}')
    answers = [json.load(connection.getresponse())]
    connection.request("GET", "/get?key=after")
    answers.append(json.load(connection.getresponse()))
    connection.close()
    assert answers[0]["status"] == "OK" and answers[1].get("value") == "wards", answers


def run(group, binary):
    with Daemon(binary, launcher=group.launcher()) as daemon:
        assert re.search(r"256 MiB.*(memory\.max|memory\.limit_in_bytes)", daemon.log()), daemon.log()
        prober = Child(ask_health, daemon.port)
        halves = Child(send_halves, daemon.port)
        problems = run_clients(daemon.port, 10 * LIMIT_BYTES)
        for name, process in (("half-sent requests: %d held, %d refused", halves),
                              ("/health: %d replies, the slowest after %.4f s", prober)):
            try:
                print(name % process.stop())
            except AssertionError as problem:
                problems.append(str(problem))
        print(f"charged to the group at most: {group.peak_bytes()} bytes")
        if group.oom_kills():
            problems.append(f"{group.oom_kills()} processes were killed for want of memory")
        if not daemon.alive():
            problems.append("cubbyd has ended")
        assert not problems, "\n".join(problems)
        expect_service(daemon.port)


def skip(reason):
    print("skipped:", reason)
    sys.exit(SKIPPED)


def main(binary):
    program = pathlib.Path(binary).read_bytes()
    if b"__asan_init" in program or b"__tsan_init" in program:
        skip("a sanitizer needs more memory than the container has")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < HALF_SENDERS + 100:
        skip(f"only {hard} descriptors are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with MemoryCgroup(LIMIT_BYTES) as group:
            run(group, binary)
    except Unavailable as reason:
        skip(reason)


if __name__ == "__main__":
    main(sys.argv[1])
