"""cubby with Python's urllib. See clients_test.py."""

import base64
import json
import sys
import urllib.error
import urllib.request

URL = sys.argv[1]
TEXT = {"Content-Type": "text/plain"}


def request(method, path, fields=None, body=None):
    """The status, the fields and the body of the reply."""
    asked = urllib.request.Request(URL + path, data=body, headers=fields or {}, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=30) as reply:
            return reply.status, reply.headers, reply.read()
    except urllib.error.HTTPError as reply:
        return reply.code, reply.headers, reply.read()


def batch(*operations):
    status, _, body = request("POST", "/v1/batch", None, json.dumps(operations).encode())
    assert status == 200, (status, body)
    return json.loads(body)


def value_of(key):
    status, _, body = request("GET", f"/v1/keys/{key}")
    assert status == 200, (status, body)
    return body


status, fields, body = request("PUT", "/v1/keys/greeting", TEXT, b"hello")
assert status == 201, (status, body)
first = fields["ETag"]
print("put creates")

status, fields, body = request("PUT", "/v1/keys/greeting", TEXT, b"hello again")
assert status == 204, (status, body)
tag = fields["ETag"]
assert tag and tag != first, (first, tag)
print("put replaces")

status, fields, body = request("GET", "/v1/keys/greeting")
assert (status, body) == (200, b"hello again"), (status, body)
assert (fields["Content-Type"], fields["ETag"]) == ("text/plain", tag), fields
print("get returns value, type and tag")

status, fields, body = request("GET", "/v1/keys/nothing")
assert (status, fields["Content-Type"]) == (404, "application/problem+json"), (status, fields)
assert json.loads(body)["type"] == "urn:cubby:error:key-not-found", body
print("get of nothing is a problem")

status, fields, body = request("GET", "/v1/keys/greeting", {"If-None-Match": tag})
assert (status, body) == (304, b""), (status, body)
print("get of the same is 304")

status, fields, body = request("PUT", "/v1/keys/greeting", {"If-None-Match": "*"}, b"other")
assert status == 412, (status, body)
status, fields, body = request("PUT", "/v1/keys/other", {"If-None-Match": "*"}, b"other")
assert status == 201, (status, body)
print("put if absent")

status, fields, body = request("PUT", "/v1/keys/greeting", {"If-Match": first}, b"lost")
assert status == 412, (status, body)
status, fields, body = request("PUT", "/v1/keys/greeting", {"If-Match": tag}, b"won")
assert status == 204, (status, body)
assert value_of("greeting") == b"won"
print("put if unchanged")

every_byte = bytes(range(256))
binary = {"Content-Type": "application/octet-stream"}
status, fields, body = request("PUT", "/v1/keys/bytes", binary, every_byte)
assert status == 201, (status, body)
assert value_of("bytes") == every_byte
print("every byte as a value")

encoded = base64.b64encode(every_byte).decode()
stored, found = batch({"op": "put", "key": "batched", "value_base64": encoded},
                      {"op": "get", "key": "batched"})
assert (stored["status"], found["value_base64"]) == (201, encoded), (stored, found)
assert value_of("batched") == every_byte
print("every byte in a batch")

results = batch({"op": "put", "key": "one", "value": "1", "ttl": 60},
                {"op": "incr", "key": "one", "by": 41},
                {"op": "get", "key": "one"},
                {"op": "delete", "key": "one"},
                {"op": "get", "key": "one"})
assert [result["status"] for result in results] == [201, 200, 200, 204, 404], results
assert [result["value"] for result in results[1:3]] == [42, "42"], results
print("batch")
