"""The requests that show everything that docs/openapi.yaml describes: a table, a line for each.

Each begins with an empty cache. What every operation on a key has in common, and what may be wrong
with any message, is not here but added to every operation by openapi_test.py.
"""

import base64
import dataclasses
import json
import urllib.parse

# In a field: the entity tag that the key of the request has at that time.
ETAG = "<etag>"
# In a query: the cursor of a first page of one key.
CURSOR = "<cursor>"

ORIGIN = "https://app.example"
MIB = 1 << 20

# The daemons that the cases talk to, with their options.
DAEMONS = {
    "plain": ("--max-memory", "256m", "--cors-origin", ORIGIN),
    "small": ("--max-memory", "8m", "--max-value-size", "64m"),
}


@dataclasses.dataclass
class Case:
    """A request of an operation, and what is to come back.

    The key is percent-encoded into the path, unless `segment` says what stands there. `before` are
    cases that are sent first. `problem` is what the reply's type ends in, without "urn:cubby:error:".
    """

    operation: str
    status: int
    problem: str = None
    key: str = "a"
    segment: str = None
    query: object = ""  # a dictionary, or as it is sent
    fields: dict = dataclasses.field(default_factory=dict)
    body: bytes = None
    before: tuple = ()
    daemon: str = "plain"
    says: bytes = None

    def query_text(self):
        return self.query if isinstance(self.query, str) else urllib.parse.urlencode(self.query)

    def parameters(self):
        """The parameters that are sent: their texts by (place, name)."""
        query = urllib.parse.parse_qs(self.query_text(), keep_blank_values=True)
        return {("path", "key"): self.key, **{("query", name): texts[0] for name, texts in query.items()},
                **{("header", name.lower()): text for name, text in self.fields.items()}}


def put(body=b"hello", **more):
    return Case("putKey", 201, body=body, **more)


def batch(*operations, **more):
    return Case("runBatch", 200, body=json.dumps(operations).encode(), **more)


def failing(operation, problem, status=400, times=1, **more):
    """A batch of an operation, the last of whose results is a problem."""
    return (problem, status, batch(*(times * [{"key": "a", **operation}]), **more))


STORED = b'{"status":"OK","message":"Key inserted/updated successfully."}'
PUT_TEXT = b'{"key": "a", "value": "hello"}'
BYTES = bytes(range(256))

CASES = [
    # Storing.
    put(),
    put(b"", key="\u2615/a b%", query={"ttl": "0.5"}),
    put(fields={"If-None-Match": "*", "Cache-Control": "max-age=30"}),
    put(fields={"Content-Encoding": "gzip", "Content-Type": "text/html"}),
    Case("putKey", 204, body=b"new", before=(put(),)),
    Case("putKey", 204, body=b"new", before=(put(),), fields={"If-Match": ETAG}),
    Case("putKey", 412, "precondition-failed", body=b"", before=(put(),), fields={"If-None-Match": "*"}),
    Case("putKey", 412, "precondition-failed", body=b"", fields={"If-Match": "*"}),
    Case("putKey", 400, "bad-content-type", body=b"", fields={"Content-Type": "a/" + 254 * "b"}),
    Case("putKey", 400, "bad-content-encoding", body=b"", fields={"Content-Encoding": 256 * "b"}),
    Case("putKey", 400, "partial-value", body=b"hello", fields={"Content-Range": "bytes 0-4/10"}),
    Case("putKey", 400, "repeated-parameter", body=b"", query="ttl=1&ttl=1"),
    Case("putKey", 413, "value-too-large", body=bytes(MIB + 1)),
    Case("putKey", 413, "value-does-not-fit", body=bytes(9 * MIB), daemon="small"),
    Case("getKey", 200, says=bytes(MIB), daemon="small",
         before=(put(bytes(MIB)), put(bytes(9 * MIB)), put(bytes(9 * MIB), key="b"))),

    # Getting.
    Case("getKey", 200, before=(put(BYTES, fields={"Content-Encoding": "br"}),), says=BYTES),
    Case("getKey", 200, before=(put(query={"ttl": 60}),), query={"ttl": 30}, says=b"hello"),
    Case("getKey", 200, before=(put(),), fields={"If-Match": ETAG}, says=b"hello"),
    Case("getKey", 200, before=(put(),), fields={"If-None-Match": '"0123456789abcdef"'}, says=b"hello"),
    Case("getKey", 200, before=(Case("putText", 200, body=PUT_TEXT),), says=b"hello"),
    Case("getKey", 304, before=(put(query={"ttl": 30}),), fields={"If-None-Match": ETAG}),
    Case("getKey", 404, "key-not-found"),
    Case("getKey", 412, "precondition-failed", before=(put(),), fields={"If-Match": '"0"'}),
    Case("headKey", 200, before=(put(fields={"Content-Encoding": "br"}),), query={"ttl": 30}),
    Case("headKey", 200, before=(put(),), fields={"If-Match": "*"}),
    Case("headKey", 304, before=(put(query={"ttl": 30}),), fields={"If-None-Match": "*"}),
    Case("headKey", 404, "key-not-found"),
    Case("headKey", 412, "precondition-failed", before=(put(),), fields={"If-Match": '"0"'}),

    # Deleting.
    Case("deleteKey", 204, before=(put(),)),
    Case("deleteKey", 204, before=(put(),), fields={"If-Match": ETAG, "If-None-Match": '"0"'}),
    Case("deleteKey", 404, "key-not-found"),
    Case("deleteKey", 412, "precondition-failed", before=(put(),), fields={"If-Match": '"0"'}),

    # Changing.
    Case("incrementKey", 200, says=b"1"),
    Case("incrementKey", 200, query={"by": -5, "initial": 100, "ttl": 30}, says=b"95"),
    Case("incrementKey", 200, before=(put(b"-1"),), fields={"If-Match": ETAG}, says=b"0"),
    Case("incrementKey", 200, fields={"If-None-Match": "*"}, says=b"1"),
    Case("incrementKey", 409, "not-a-number", before=(put(),)),
    Case("incrementKey", 409, "overflow", before=(put(b"9223372036854775807"),)),
    Case("incrementKey", 412, "precondition-failed", fields={"If-Match": "*"}),
    Case("incrementKey", 400, "bad-number", query={"by": "1.5"}),
    *(case for operation, joined in (("appendToKey", b"hello world"), ("prependToKey", b" worldhello"))
      for case in (
          Case(operation, 200, body=b" world", before=(put(),), says=b"11"),
          Case(operation, 200, body=b"", before=(put(),), says=b"5",
               fields={"If-Match": ETAG, "If-None-Match": '"0"'}),
          Case("getKey", 200, before=(put(), Case(operation, 200, body=b" world")), says=joined),
          Case(operation, 404, "key-not-found", body=b"x"),
          Case(operation, 409, "value-encoded", body=b"x", before=(put(fields={"Content-Encoding": "gzip"}),)),
          Case(operation, 412, "precondition-failed", body=b"x", before=(put(),), fields={"If-Match": '"0"'}),
          Case(operation, 413, "value-too-large", body=b"x", before=(put(bytes(MIB)),)),
          Case(operation, 413, "value-does-not-fit", body=b"x", before=(put(bytes(4 * MIB)),), daemon="small"),
          Case("getKey", 200, before=(put(bytes(4 * MIB), daemon="small"),
                                      Case(operation, 413, body=b"x", daemon="small")), daemon="small"),
          Case(operation, 415, "body-encoded", body=b"x", before=(put(),), fields={"Content-Encoding": "br"}),
      )),
    Case("touchKey", 204, before=(put(),), query={"ttl": 60}),
    Case("touchKey", 204, before=(put(),), fields={"If-Match": "*", "If-None-Match": '"0"'}),
    Case("touchKey", 404, "key-not-found"),
    Case("touchKey", 412, "precondition-failed", before=(put(),), fields={"If-Match": '"0"'}),
    Case("touchKey", 404, "key-not-found", fields={"If-Match": "*"}),
    Case("takeKey", 200, before=(put(query={"ttl": 30}, fields={"Content-Encoding": "br"}),), says=b"hello"),
    Case("takeKey", 200, before=(put(),), fields={"If-Match": ETAG, "If-None-Match": '"0"'}, says=b"hello"),
    Case("takeKey", 404, "key-not-found"),
    Case("takeKey", 404, "key-not-found", before=(put(), Case("takeKey", 200))),
    Case("takeKey", 412, "precondition-failed", before=(put(),), fields={"If-None-Match": ETAG}),

    # Many keys.
    Case("listKeys", 200, says=b'{"keys":[],"cursor":null}'),
    Case("listKeys", 200, before=(put(key="s:1"), put(key="t:1")), query={"prefix": "s:"}),
    Case("listKeys", 200, before=(put(query={"ttl": 30}), put(key="b")), query={"limit": 1}),
    Case("listKeys", 200, before=(put(), put(key="b")), query={"cursor": CURSOR}),
    Case("listKeys", 400, "bad-escape", query="prefix=%zz"),
    Case("listKeys", 400, "bad-prefix", query="prefix=%FF"),
    Case("listKeys", 400, "bad-limit", query={"limit": 1001}),
    Case("listKeys", 400, "bad-cursor", query={"cursor": "elsewhere"}),
    Case("listKeys", 400, "unknown-parameter", query={"colour": "red"}),
    Case("listKeys", 400, "repeated-parameter", query="limit=1&limit=1"),
    Case("listKeys", 200, fields={"If-Match": "*", "If-None-Match": '"0"'}),
    Case("listKeys", 304, fields={"If-None-Match": "*"}),
    Case("deleteKeys", 200, before=(put(key="s:1"), put(key="s:2"), put(key="t")), query={"prefix": "s:"},
         says=b'{"deleted":2}'),
    Case("deleteKeys", 204, before=(put(),), query={"all": "true"}),
    Case("deleteKeys", 400, "what-to-delete"),
    Case("deleteKeys", 400, "what-to-delete", query={"prefix": ""}),
    Case("deleteKeys", 400, "what-to-delete", query={"prefix": "s:", "all": "true"}),
    Case("deleteKeys", 400, "bad-escape", query="prefix=%zz"),
    Case("deleteKeys", 400, "bad-prefix", query="prefix=%FF"),
    Case("deleteKeys", 400, "bad-flag", query={"all": "yes"}),
    Case("deleteKeys", 400, "unknown-parameter", query={"colour": "red"}),
    Case("deleteKeys", 400, "repeated-parameter", query="all=true&all=true"),
    Case("deleteKeys", 204, query={"all": "true"}, fields={"If-Match": "*", "If-None-Match": '"0"'}),
    batch(),
    batch(fields={"If-Match": "*", "If-None-Match": '"0"'}),
    *(case for operation, query, body in (("listKeys", "", None), ("deleteKeys", "prefix=s:", None),
                                          ("deleteKeys", "all=true", None), ("runBatch", "", b"[]"))
      for case in (
          Case(operation, 400, "bad-etag", query=query, body=body, fields={"If-None-Match": "hello"}),
          Case(operation, 412, "precondition-failed", query=query, body=body, fields={"If-Match": '"0"'}),
      )),
    batch({"op": "get", "key": "a"}, {"op": "put", "key": "a", "value": "1", "ttl": 30, "if_none_match": "*"},
          {"op": "incr", "key": "a", "by": 2, "initial": 0}, {"op": "get", "key": "a", "ttl": 60},
          {"op": "get", "key": "a", "if_none_match": "*"}, {"op": "touch", "key": "a", "ttl": 1},
          {"op": "put", "key": "a", "value_base64": base64.b64encode(BYTES).decode(), "if_match": "*"},
          {"op": "get", "key": "a"}, {"op": "delete", "key": "a"}),
    Case("runBatch", 400, "bad-json", body=b"[{]"),
    Case("runBatch", 400, "json-not-array", body=b"{}"),
    Case("runBatch", 400, "json-too-deep", body=33 * b"[" + 33 * b"]"),
    Case("runBatch", 400, "bad-escape", body=b"[]", query="%zz"),
    Case("runBatch", 400, "unknown-parameter", body=b"[]", query="ttl=1"),
    Case("runBatch", 415, "body-encoded", body=b"[]", fields={"Content-Encoding": "gzip"}),
    Case("runBatch", 413, "batch-too-large", body=bytes(16 * MIB + 1)),
    Case("runBatch", 413, "batch-too-large", body=bytes(MIB + 1), daemon="small"),
    Case("runBatch", 200, body=b"[" + MIB // 2 * b" " + b"]", says=b"[]", daemon="small"),
    Case("runBatch", 413, "too-many-operations",
         body=json.dumps(1001 * [{"op": "get", "key": "a"}]).encode()),

    # Text in JSON.
    Case("putText", 200, body=PUT_TEXT, says=STORED),
    Case("putText", 400, body=b"{}"),
    Case("putText", 413, body=json.dumps({"key": "a", "value": "v" * (MIB + 1)}).encode()),
    Case("putText", 415, body=PUT_TEXT, fields={"Content-Encoding": "gzip"}),
    Case("getText", 200, before=(put(),), query={"key": "a"},
         says=b'{"status":"OK","key":"a","value":"hello"}'),
    Case("getText", 400, query="key="),
    Case("getText", 404, query={"key": "a"}),
    Case("getText", 406, before=(put(b"\xff"),), query={"key": "a"}),

    # The daemon.
    Case("getHealth", 200, says=b"OK\n"),
    Case("getDescription", 200),
    Case("getMemory", 200, before=(put(),)),
    Case("getStats", 200),
    *(Case(operation, 400, "bad-escape", query="%zz")
      for operation in ("getMemory", "getStats", "optionsOfKey", "optionsOfKeys", "optionsOfBatch")),
    *(case for operation in ("optionsOfKey", "optionsOfKeys", "optionsOfBatch")
      for case in (
          Case(operation, 200),
          Case(operation, 204, fields={"Origin": ORIGIN, "Access-Control-Request-Method": "PUT",
                                       "Access-Control-Request-Headers": "content-type"}),
      )),
]

# What an operation of a batch can be told: the type, the status, the batch.
BATCH_PROBLEMS = [
    failing({"op": "get"}, "key-not-found", 404),
    failing({"op": "jump"}, "unknown-operation"),
    failing({"op": "get", "colour": "red"}, "unknown-member"),
    failing({"op": "get", "ttl": 0}, "bad-ttl"),
    failing({"op": "get", "if_match": "a"}, "bad-etag"),
    failing({"op": "get", "if_match": 1}, "bad-member"),
    failing({"op": "get", "key": ""}, "key-empty"),
    failing({"op": "get", "key": 257 * "k"}, "key-too-long"),
    failing({"op": "get", "key": 1}, "key-not-string"),
    failing({"op": "get"}, "reply-too-large", 413, times=17, before=(put(bytes(MIB)),)),
    failing({"op": "put"}, "value-missing"),
    failing({"op": "put", "value": 1}, "value-not-string"),
    failing({"op": "put", "value": "", "value_base64": ""}, "bad-member"),
    failing({"op": "put", "value_base64": "?"}, "bad-base64"),
    failing({"op": "put", "value": "", "content_type": "a/" + 254 * "b"}, "bad-content-type"),
    failing({"op": "put", "value": "", "content_encoding": 256 * "b"}, "bad-content-encoding"),
    failing({"op": "put", "value": "", "if_match": "*"}, "precondition-failed", 412),
    failing({"op": "put", "value": (MIB + 1) * "v"}, "value-too-large", 413),
    failing({"op": "incr", "by": 0.5}, "bad-number"),
    failing({"op": "incr"}, "not-a-number", 409, before=(put(),)),
    failing({"op": "incr"}, "overflow", 409, before=(put(b"9223372036854775807"),)),
    ("key-missing", 400, batch({"op": "get"})),
    ("operation-not-object", 400, batch("get")),
    ("repeated-member", 400, Case("runBatch", 200, body=b'[{"op": "get", "op": "get", "key": "a"}]')),
]
