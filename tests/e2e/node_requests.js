// Says how the parser inside Node reads requests: the same input and output as parse_requests.cpp.

"use strict";

const fs = require("node:fs");
const http = require("node:http");
const { Duplex } = require("node:stream");

// Limits are not what is compared, nor is who must name a host.
const server = http.createServer({
  maxHeaderSize: 1 << 20,
  requireHostHeader: false,
  connectionsCheckingInterval: 1 << 30,
});
server.maxHeadersCount = 0;
// Otherwise requests that nobody has answered are given up when the input ends.
server.httpAllowHalfOpen = true;

const take = (request, response) => request.socket.taken.push({ request, response });
for (const event of ["request", "checkContinue", "checkExpectation"]) server.on(event, take);
server.on("clientError", (error, socket) => {
  socket.error = error.code + ": " + error.reason;
  socket.destroy();
});

class Connection extends Duplex {
  taken = [];
  error = null;
  _read() {}
  _write(chunk, encoding, done) {
    done();
  }
}

function describe({ request, response }) {
  const body = request.read();
  return {
    method: request.method,
    target: Buffer.from(request.url, "latin1").toString("hex"),
    fields: request.rawHeaders.length / 2,
    body: body === null ? "" : body.toString("hex"),
    keep_alive: response.shouldKeepAlive,
  };
}

function read(bytes) {
  return new Promise((resolve) => {
    const connection = new Connection();
    const finish = () =>
      setImmediate(() => {
        const whole = connection.taken.filter(({ request }) => request.complete);
        const isWhole = connection.error === null && whole.length === connection.taken.length;
        resolve({ requests: whole.map(describe), whole: isWhole, error: connection.error });
        connection.destroy();
      });
    connection.once("end", finish);
    connection.once("close", finish);
    server.emit("connection", connection);
    connection.push(bytes);
    connection.push(null);
  });
}

async function main() {
  const input = fs.readFileSync(0);
  const lines = [];
  for (let at = 0; at < input.length; ) {
    const begin = at + 4;
    at = begin + input.readUInt32LE(at);
    lines.push(JSON.stringify(await read(input.subarray(begin, at))) + "\n");
  }
  fs.writeSync(1, lines.join(""));
  process.exit(0);
}

main();
