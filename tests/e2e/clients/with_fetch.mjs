// cubby with the fetch of Node, which is that of browsers. See clients_test.py.

import assert from "node:assert/strict";

const url = process.argv[2];
const text = { "Content-Type": "text/plain" };

function request(method, path, headers = {}, body = undefined) {
  return fetch(url + path, { method, headers, body });
}

async function batch(...operations) {
  const reply = await request("POST", "/v1/batch", {}, JSON.stringify(operations));
  assert.equal(reply.status, 200);
  return reply.json();
}

async function bytesOf(key) {
  const reply = await request("GET", `/v1/keys/${key}`);
  assert.equal(reply.status, 200);
  return Buffer.from(await reply.arrayBuffer());
}

let reply = await request("PUT", "/v1/keys/greeting", text, "hello");
assert.equal(reply.status, 201);
const first = reply.headers.get("ETag");
console.log("put creates");

reply = await request("PUT", "/v1/keys/greeting", text, "hello again");
assert.equal(reply.status, 204);
const tag = reply.headers.get("ETag");
assert.ok(tag);
assert.notEqual(tag, first);
console.log("put replaces");

reply = await request("GET", "/v1/keys/greeting");
assert.equal(reply.status, 200);
assert.equal(await reply.text(), "hello again");
assert.equal(reply.headers.get("Content-Type"), "text/plain");
assert.equal(reply.headers.get("ETag"), tag);
console.log("get returns value, type and tag");

reply = await request("GET", "/v1/keys/nothing");
assert.equal(reply.status, 404);
assert.equal(reply.headers.get("Content-Type"), "application/problem+json");
assert.equal((await reply.json()).type, "urn:cubby:error:key-not-found");
console.log("get of nothing is a problem");

reply = await request("GET", "/v1/keys/greeting", { "If-None-Match": tag });
assert.equal(reply.status, 304);
assert.equal(await reply.text(), "");
console.log("get of the same is 304");

reply = await request("PUT", "/v1/keys/greeting", { "If-None-Match": "*" }, "other");
assert.equal(reply.status, 412);
reply = await request("PUT", "/v1/keys/other", { "If-None-Match": "*" }, "other");
assert.equal(reply.status, 201);
console.log("put if absent");

reply = await request("PUT", "/v1/keys/greeting", { "If-Match": first }, "lost");
assert.equal(reply.status, 412);
reply = await request("PUT", "/v1/keys/greeting", { "If-Match": tag }, "won");
assert.equal(reply.status, 204);
assert.equal((await bytesOf("greeting")).toString(), "won");
console.log("put if unchanged");

const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
reply = await request("PUT", "/v1/keys/bytes", {}, bytes);
assert.equal(reply.status, 201);
assert.deepEqual(await bytesOf("bytes"), bytes);
console.log("every byte as a value");

const encoded = bytes.toString("base64");
let results = await batch({ op: "put", key: "batched", value_base64: encoded }, { op: "get", key: "batched" });
assert.equal(results[0].status, 201);
assert.equal(results[1].value_base64, encoded);
assert.deepEqual(await bytesOf("batched"), bytes);
console.log("every byte in a batch");

results = await batch(
  { op: "put", key: "one", value: "1", ttl: 60 },
  { op: "incr", key: "one", by: 41 },
  { op: "get", key: "one" },
  { op: "delete", key: "one" },
  { op: "get", key: "one" },
);
assert.deepEqual(results.map((result) => result.status), [201, 200, 200, 204, 404]);
assert.deepEqual([results[1].value, results[2].value], [42, "42"]);
console.log("batch");
