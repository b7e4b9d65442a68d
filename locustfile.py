"""Load for cubbyd: GETs and PUTs over a key space, with Locust (https://locust.io).

    locust --headless --users 20 --spawn-rate 20 --run-time 30s
    locust                                      # then open http://localhost:8089

A GET of a key that nobody has put yet is a miss, not a failure. cubby answers it with 404, and it
is listed as "/get (miss)" beside "/get (hit)"; the hit ratio is printed at the end. Everything else
that goes wrong is a failure: another status, a broken connection, a value that is not the one put.
"""

import bisect
import itertools
import json
import logging
import random
import re
import zlib

import gevent.pool
from locust import FastHttpUser, events, task
from locust.contrib.fasthttp import FastHttpSession
from locust.runners import MasterRunner, WorkerRunner

GET, HIT, MISS = "/get", "/get (hit)", "/get (miss)"
PUT, WARM = "/put", "/put (warm)"
WARM_CONNECTIONS = 16


class Workload:
    """Which keys are asked for how often, and what belongs under each of them."""

    def __init__(self, options):
        sizes = re.fullmatch(r"(\d+)(?:-(\d+))?", str(options.value_size))
        if not sizes:
            raise SystemExit(f"--value-size: '{options.value_size}' is neither N nor N-M")
        self.smallest = int(sizes[1])
        self.largest = int(sizes[2] or sizes[1])
        if options.keys < 1 or self.largest < self.smallest or not 0 <= options.get_ratio <= 1:
            raise SystemExit("--keys takes 1 or more, --get-ratio 0 to 1, --value-size N or N-M")
        self.keys = options.keys
        self.get_ratio = options.get_ratio
        # Values depend on the sizes, so keys do too: runs with other sizes do not meet.
        self.prefix = f"load-{options.value_size}-"
        weights = (1 / rank ** options.zipf for rank in range(1, self.keys + 1))
        self.shares = list(itertools.accumulate(weights)) if options.zipf else None

    def key(self, number):
        return f"{self.prefix}{number}"

    def pick(self):
        if self.shares is None:
            return self.key(random.randrange(self.keys))
        return self.key(bisect.bisect(self.shares, random.random() * self.shares[-1], hi=self.keys - 1))

    def value(self, key):
        size = self.smallest + zlib.crc32(key.encode()) % (self.largest - self.smallest + 1)
        return (key * (size // len(key) + 1))[:size]


@events.init_command_line_parser.add_listener
def add_options(parser):
    group = parser.add_argument_group("cubby")
    group.add_argument("--keys", type=int, default=10_000, metavar="N",
                       help="How many different keys there are (10000)")
    group.add_argument("--get-ratio", type=float, default=0.7, metavar="R",
                       help="The share of GETs, from 0 to 1; the rest are PUTs (0.7)")
    group.add_argument("--value-size", type=str, default="64", metavar="N[-M]",
                       help="Bytes in a value: one size, or a range such as 64-4096 (64)")
    group.add_argument("--zipf", type=float, default=0.0, metavar="S",
                       help="Ask for some keys more than for others: key number n is asked for in"
                            " proportion to 1/n^S. 0 asks for all of them alike (0)")
    group.add_argument("--warm", action="store_true",
                       help="Put every key once before the load begins; counts into --run-time")


def put(client, workload, key, name=PUT):
    client.post("/put", json={"key": key, "value": workload.value(key)}, name=name)


def get(client, workload, key):
    with client.get(f"/get?key={key}", name=GET, catch_response=True) as response:
        if response.status_code == 404:
            response.request_meta["name"] = MISS
            response.success()
        elif response.status_code == 200:
            response.request_meta["name"] = HIT
            if json.loads(response.text).get("value") != workload.value(key):
                response.failure("the value is not the one that was put")


class CacheUser(FastHttpUser):
    """One client with one connection, that waits for each reply and for nothing else."""

    host = "http://127.0.0.1:7171"

    @task
    def get_or_put(self):
        workload = self.environment.workload
        action = get if random.random() < workload.get_ratio else put
        action(self.client, workload, workload.pick())


@events.test_start.add_listener
def prepare(environment, **_):
    environment.workload = Workload(environment.parsed_options)
    if environment.parsed_options.warm and not isinstance(environment.runner, MasterRunner):
        warm(environment)


def warm(environment):
    workload = environment.workload
    logging.info("Putting all %d keys first", workload.keys)
    client = FastHttpSession(environment, base_url=environment.host or CacheUser.host, user=None,
                             concurrency=WARM_CONNECTIONS)
    pool = gevent.pool.Pool(WARM_CONNECTIONS)
    for number in range(workload.keys):
        pool.spawn(put, client, workload, workload.key(number), WARM)
    pool.join()


def hit_ratio(stats):
    hits, misses = (stats.get(name, "GET").num_requests for name in (HIT, MISS))
    if hits + misses == 0:
        return "Hit ratio: there were no GETs"
    return f"Hit ratio: {hits / (hits + misses):.1%} ({hits} hits, {misses} misses)"


@events.init.add_listener
def set_up(environment, **_):
    Workload(environment.parsed_options)  # complains before anything is started
    if isinstance(environment.runner, WorkerRunner):
        return
    if environment.web_ui:
        events.test_stop.add_listener(lambda **_: logging.info(hit_ratio(environment.stats)))
    # Printed below the table and the failures, which come before this event.
    events.quit.add_listener(lambda **_: print(hit_ratio(environment.stats), flush=True))
