"""HTTP requests and replies, for the tests that are written in Python."""

import contextlib
import http.client
import json
import select

PATIENCE = 30  # seconds


class Reply:
    """A reply as it came: status, fields (names in lower case) and body."""

    def __init__(self, status, fields, body):
        self.status = status
        self.fields = {name.lower(): value for name, value in fields}
        self.body = body

    def media_type(self):
        return self.fields.get("content-type", "").split(";")[0].strip().lower()

    def problem_types(self):
        """The `type`s of the problem that it is, or of those in the results of a batch."""
        if "json" not in self.media_type() or not self.body:
            return []
        content = json.loads(self.body)
        items = content if isinstance(content, list) else [content]
        return [item["type"] for item in items if isinstance(item, dict) and "type" in item]

    def __str__(self):
        return f"{self.status} {self.fields} {self.body[:500]!r}"


def send(port, method, target, fields=(), body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    with contextlib.closing(connection):
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in dict(fields).items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        # The reply may come, and the connection end, before a body that is refused was sent.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.send(body or b"")
        return finish(connection.getresponse())


def finish(response):
    return Reply(response.status, response.getheaders(), response.read())


def receive(connection, method):
    """The reply on a socket that a request, or a part of one, was sent to by hand."""
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    return finish(response)


def send_until_refused(connections, body):
    """Sends a body on each of some non-blocking connections. Returns the one that is answered first."""
    left = {connection: memoryview(body) for connection in connections}
    while True:
        sending = [connection for connection in connections if left[connection]]
        readable, writable, _ = select.select(connections, sending, [], PATIENCE)
        for connection in readable:
            connection.setblocking(True)
            return connection
        if not writable:
            raise AssertionError("nobody was refused")
        for connection in writable:
            left[connection] = left[connection][connection.send(left[connection][:65536]):]
