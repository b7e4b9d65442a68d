"""docs/openapi.yaml says what the daemon does, and all of it.

Every path, method, parameter, status, field and kind of error that the document has is shown by some
request here; what succeeds was sent as the document describes it, and every reply is as it says. What
the daemon has and the document has not, fails too. The requests are in openapi_cases.py; those that every operation has in common are here.
"""

import contextlib
import json
import pathlib
import re
import socket
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
SKIPPED = 77
try:
    from openapi import Description, Seen, fill, parts_of  # noqa: E402
except ModuleNotFoundError as missing:
    print(f"skipped: {missing}; ./dev test installs it")
    sys.exit(SKIPPED)
from daemon import Daemon  # noqa: E402
from exchange import PATIENCE, receive, send, send_until_refused  # noqa: E402
from openapi_cases import (BATCH_PROBLEMS, CASES, CURSOR, DAEMONS, ETAG, ORIGIN, Case, put)  # noqa: E402

DOCUMENT = ROOT / "docs" / "openapi.yaml"
URN = "urn:cubby:error:"

# What can be wrong with a request for a key, whatever it is to do: the type, and the part of the request.
KEY_PROBLEMS = [
    ("bad-escape", {"segment": "%zz"}),
    ("key-empty", {"key": ""}),
    ("key-too-long", {"key": 257 * "k"}),
    ("key-not-utf8", {"segment": "%FF"}),
    ("unknown-parameter", {"query": "colour=red"}),
    ("repeated-parameter", {"query": "ttl=1&ttl=1"}),
    ("bad-ttl", {"query": "ttl=0"}),
    ("bad-etag", {"fields": {"If-Match": "hello"}}),
]

# What the daemon refuses because of parameters that the description does not let clients send either.
FORBIDDEN = {"bad-flag", "bad-limit", "bad-number", "bad-ttl", "key-empty", "key-too-long", "unknown-parameter"}


def head(line, fields, version="HTTP/1.1"):
    return f"{line} {version}\r\n{fields}\r\n"


# What can be wrong with a message, whatever it asks for: the status, the type, and how the request is
# spoiled.
MESSAGE_ERRORS = [
    (400, "bad-request-line", lambda line, fields: head(line + " more", fields)),
    (400, "bad-target", lambda line, fields: head(line + "#here", fields)),
    (400, "bad-field", lambda line, fields: head(line, fields + "Bad name: x\r\n")),
    (400, "folded-field", lambda line, fields: head(line, fields + "Long: x\r\n y\r\n")),
    (400, "bad-host", lambda line, fields: head(line, fields + fields)),
    (400, "bad-content-length", lambda line, fields: head(line, fields + "Content-Length: x\r\n")),
    (400, "bad-transfer-encoding", lambda line, fields: head(line, fields + "Transfer-Encoding: gzip\r\n")),
    (400, "bad-chunk", lambda line, fields: head(line, fields + "Transfer-Encoding: chunked\r\n") + "x\r\n"),
    (400, "incomplete", lambda line, fields: head(line, fields + "Content-Length: 9\r\n")),
    (413, "body-too-large", lambda line, fields: head(line, fields + "Content-Length: 99999999999\r\n")),
    (414, "target-too-long", lambda line, fields: head(f"{line}?{9000 * 'x'}", fields)),
    (417, "bad-expectation", lambda line, fields: head(line, fields + "Expect: 200-ok\r\n")),
    (431, "head-too-large", lambda line, fields: head(line, f"{fields}Long: {20000 * 'x'}\r\n")),
    (505, "bad-version", lambda line, fields: head(line, fields, "HTTP/2.0")),
]

# What a body is that is too large, where it has a name of its own.
TOO_LARGE = {"putKey": "value-too-large", "appendToKey": "value-too-large", "prependToKey": "value-too-large",
             "runBatch": "batch-too-large"}


def target_of(operation, case, query=None):
    path = operation.path
    if case.segment is not None:
        path = path.replace("{key}", case.segment)
    query = case.query_text() if query is None else query
    return fill(path, {"key": case.key}) + (f"?{query}" if query else "")


class OpenApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.description = Description(DOCUMENT.read_text(encoding="utf-8"))
        cls.seen = Seen(cls.description)
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.ports = {name: cls.stack.enter_context(Daemon(BINARY, *options)).port
                     for name, options in DAEMONS.items()}

    @classmethod
    def tearDownClass(cls):
        missing = cls.seen.missing()
        if missing:
            raise AssertionError("described, and shown by no reply: " + "\n".join(map(str, missing)))

    def operation(self, case):
        return self.description.operations[case.operation]

    def key_operations(self):
        return [operation for operation in self.description.operations.values()
                if "{key}" in operation.path and operation.method != "OPTIONS"]

    def check(self, operation, status, reply, sent=None):
        self.assertEqual(reply.status, status, reply)
        self.assertEqual(self.description.differences(operation, reply), [], reply)
        if sent is not None and reply.status < 400:
            self.assertEqual(self.description.unlike(operation, sent), [], reply)
        self.seen.note(operation, reply, sent or ())

    def run_case(self, case, has_good_body=True):
        operation, port = self.operation(case), self.ports[case.daemon]
        send(port, "DELETE", "/v1/keys?all=true")
        for earlier in case.before:
            self.send_case(port, earlier)
        reply = self.send_case(port, case)
        sent = self.sent_by(operation, case)
        self.check(operation, case.status, reply, sent if has_good_body else None)
        if case.problem in FORBIDDEN:
            self.assertNotEqual(self.description.unlike(operation, sent), [])
        if case.problem is not None and operation.method != "HEAD":
            self.assertEqual(reply.problem_types(), [URN + case.problem], reply)
        if case.says is not None:
            self.assertEqual(reply.body, case.says)
        return reply

    @staticmethod
    def sent_by(operation, case):
        """What a case sends, as Description.unlike() takes it."""
        sent = {part: text for part, text in case.parameters().items()
                if part != ("path", "key") or "{key}" in operation.path}
        described = operation.body["content"] if operation.body else {}
        media = sent.pop(("header", "content-type"), next(iter(described), ""))
        if case.body is not None:
            sent["body"] = (media, case.body)
        return sent

    def send_case(self, port, case):
        operation = self.operation(case)
        fields, query = dict(case.fields), case.query_text()
        if ETAG in fields.values():
            tag = send(port, "HEAD", fill("/v1/keys/{key}", {"key": case.key})).fields["etag"]
            fields = {name: tag if value == ETAG else value for name, value in fields.items()}
        if isinstance(case.query, dict) and CURSOR in case.query.values():
            query = "cursor=" + json.loads(send(port, "GET", "/v1/keys?limit=1").body)["cursor"]
        return send(port, operation.method, target_of(operation, case, query), fields, case.body)

    def test_requests_bring_what_is_described(self):
        for number, case in enumerate(CASES):
            with self.subTest(number=number, operation=case.operation, status=case.status):
                self.run_case(case)

    def test_the_requests_that_are_shown_as_examples_succeed(self):
        for operation in self.description.operations.values():
            for media, content in (operation.body or {"content": {}})["content"].items():
                for name, example in content["examples"].items():
                    with self.subTest(operation=operation.id, example=name):
                        value = example["value"]
                        body = (json.dumps(value) if "json" in media else value).encode()
                        send(self.ports["plain"], "PUT", "/v1/keys/a", {}, b"")
                        case = Case(operation.id, 200, body=body)
                        reply = self.send_case(self.ports["plain"], case)
                        self.assertLess(reply.status, 300, reply)
                        self.assertEqual(self.description.differences(operation, reply), [])

    def test_what_is_wrong_with_a_key_is_wrong_in_every_operation(self):
        for operation in self.key_operations():
            for problem, part in KEY_PROBLEMS:
                takes_ttl = ("query", "ttl") in operation.parameters
                if problem in ("repeated-parameter", "bad-ttl") and not takes_ttl:
                    continue
                with self.subTest(operation=operation.id, problem=problem):
                    body = b"x" if operation.body else None
                    self.run_case(Case(operation.id, 400, problem, body=body, **part))

    def test_an_operation_of_a_batch_fails_for_itself(self):
        for problem, status, case in BATCH_PROBLEMS:
            with self.subTest(problem=problem, body=case.body[:100]):
                last = json.loads(self.run_case(case, has_good_body=False).body)[-1]
                self.assertEqual((last["status"], last["type"]), (status, URN + problem))

    def begin(self, operation):
        """The request line, without the version, and the fields of a simple request."""
        return f"{operation.method} {target_of(operation, Case(operation.id, 0))}", "Host: cubby\r\n"

    def open(self, port, text):
        connection = self.stack.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE))
        connection.sendall(text.encode())
        return connection

    def test_what_is_wrong_with_a_message_is_wrong_in_every_operation(self):
        for operation in self.description.operations.values():
            for status, problem, spoil in MESSAGE_ERRORS:
                with self.subTest(operation=operation.id, status=status, problem=problem):
                    connection = self.open(self.ports["plain"], spoil(*self.begin(operation)))
                    connection.shutdown(socket.SHUT_WR)
                    reply = receive(connection, operation.method)
                    self.check(operation, status, reply)
                    if problem == "body-too-large":
                        problem = TOO_LARGE.get(operation.id, problem)
                    if operation.path.startswith("/v1/") and operation.method != "HEAD":
                        self.assertEqual(reply.problem_types(), [URN + problem])

    def test_what_does_not_arrive_is_late_in_every_operation(self):
        with Daemon(BINARY, "--header-timeout", "1s", "--body-timeout", "1s") as daemon:
            begun = []
            for operation in self.description.operations.values():
                line, fields = self.begin(operation)
                whole = head(line, fields + "Content-Length: 9\r\n")
                begun.append((operation, self.open(daemon.port, whole[:-2])))
                begun.append((operation, self.open(daemon.port, whole)))
            for operation, connection in begun:
                with self.subTest(operation=operation.id):
                    self.check(operation, 408, receive(connection, operation.method))

    def test_who_is_one_too_many_is_told_so_in_every_operation(self):
        with Daemon(BINARY, "--max-connections", "1") as daemon:
            first = self.open(daemon.port, "GET /health HTTP/1.1\r\nHost: cubby\r\n\r\n")
            self.assertEqual(receive(first, "GET").status, 200)
            # Who has sent no whole head is told after a second.
            for cut in (0, 2):
                begun = []
                for operation in self.description.operations.values():
                    text = head(*self.begin(operation))
                    begun.append((operation, self.open(daemon.port, text[:len(text) - cut])))
                for operation, connection in begun:
                    with self.subTest(operation=operation.id, cut=cut), connection:
                        self.check(operation, 503, receive(connection, operation.method))
            first.close()

    def test_what_finds_no_room_is_told_so(self):
        # The halves are more than there is: one of them gets no more room, and is given up.
        begin = {"putText": b'{"key":"a","value":"', "runBatch": b"["}
        size = {"runBatch": 1000000}  # An eighth of the memory is the most that a batch may have.
        for operation in self.description.operations.values():
            if operation.id != "putText" and (operation.id, 503, URN + "no-room") not in parts_of(operation):
                continue
            # On two threads both might find no room at once, and neither be in the other's way.
            options = (*DAEMONS["small"], "--threads", "1")
            with self.subTest(operation=operation.id), Daemon(BINARY, *options) as daemon:
                line, fields = self.begin(operation)
                whole = size.get(operation.id, 7000000)
                text = head(line, fields + f"Content-Length: {whole}\r\n")
                with contextlib.ExitStack() as open_ones:
                    halves = [open_ones.enter_context(self.open(daemon.port, text))
                              for _ in range(14000000 // whole)]
                    for connection in halves:
                        connection.setblocking(False)
                    half = begin.get(operation.id, b"") + whole * 4 // 7 * b" "
                    refused = send_until_refused(halves, half)
                    self.check(operation, 503, receive(refused, operation.method))

    def test_what_no_operation_is_has_its_errors_too(self):
        requests = [
            ("GET", "/v1/nowhere", 404, "unknown-path"),
            ("GET", "/v1/keys/a/b", 404, "unknown-path"),
            ("GET", "/v1/batch", 405, "wrong-method"),
            ("PATCH", "/v1/keys/a", 405, "wrong-method"),
            ("BREW", "/v1/keys/a", 501, "unknown-method"),
            ("GET", "/nowhere", 404, None),
            ("GET", "/put", 405, None),
        ]
        schemas = {True: "Problem", False: "Error"}
        for method, target, status, problem in requests:
            with self.subTest(method=method, target=target):
                reply = send(self.ports["plain"], method, target)
                self.assertEqual(reply.status, status, reply)
                schema = {"$ref": f"#/components/schemas/{schemas[problem is not None]}"}
                self.assertEqual(self.description.violations(schema, json.loads(reply.body)), [])
                self.assertEqual(reply.problem_types(), [URN + problem] if problem else [])
                self.assertEqual("allow" in reply.fields, status == 405)
                self.seen.note_types(reply)

    def test_the_document_has_the_paths_and_methods_of_the_daemon(self):
        detail = json.loads(send(self.ports["plain"], "GET", "/v1/nowhere").body)["detail"]
        listed = set(re.findall(r"\b([A-Z]+) (/[^?,\s]*[^?,.\s])", detail))
        described = {(operation.method, operation.path)
                     for operation in self.description.operations.values()}
        self.assertGreater(len(listed), 5, detail)
        self.assertEqual(listed, {route for route in described if route[0] not in ("HEAD", "OPTIONS")})
        for path in {path for _, path in described}:
            allow = send(self.ports["plain"], "OPTIONS", fill(path, {"key": "a"})).fields["allow"]
            methods = {method for method, other in described if other == path} | {"OPTIONS"}
            if "GET" in methods:
                methods.add("HEAD")
            self.assertEqual(set(allow.split(", ")), methods, path)

    def test_replies_to_other_origins_say_so(self):
        reply = send(self.ports["plain"], "GET", "/v1/keys/a", {"Origin": ORIGIN})
        self.assertEqual(reply.fields["access-control-allow-origin"], ORIGIN)

    def test_the_daemon_serves_the_document(self):
        reply = send(self.ports["plain"], "GET", "/openapi.yaml")
        self.assertEqual(reply.body, DOCUMENT.read_bytes())

    def test_the_page_for_people_lists_the_same_errors(self):
        page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
        listed = re.findall(r"^\| `([a-z0-9-]+)` \| ([0-9]{3}) \|", page, re.MULTILINE)
        described = self.description.document["components"]["schemas"]["ProblemType"]["oneOf"]
        self.assertEqual([(URN + kind, status) for kind, status in listed],
                         [(entry["const"], entry["description"][:3]) for entry in described])

    def test_the_collection_has_every_operation(self):
        collection = json.loads((ROOT / "docs" / "cubby.postman_collection.json").read_text(encoding="utf-8"))
        requests = [item["request"] for folder in collection["item"] for item in folder["item"]]
        asked = {(request["method"], "/" + re.sub(r"\{\{key\}\}[^/]*", "{key}", "/".join(request["url"]["path"])))
                 for request in requests}
        self.assertEqual({(operation.method, operation.path)
                          for operation in self.description.operations.values()} - asked,
                         {("OPTIONS", "/v1/keys"), ("OPTIONS", "/v1/batch")})

    def test_the_document_has_the_version_of_the_daemon(self):
        printed = subprocess.run([BINARY, "--version"], capture_output=True, text=True, check=True).stdout
        self.assertIn(self.description.document["info"]["version"], printed)


if __name__ == "__main__":
    BINARY = sys.argv.pop(1)
    unittest.main()
