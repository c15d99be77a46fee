// Every message is accepted, and every mutation of it refused: webhooks_verify.mjs FILE FIRST_SECRET SECOND_SECRET
import { readFileSync } from "node:fs";
import assert from "node:assert/strict";
import * as standard from "standardwebhooks";
import * as svix from "svix";

const [path, first, second] = process.argv.slice(2);
const libraries = { standard, svix };
const messages = readFileSync(path, "utf8").trim().split("\n").map((line) => JSON.parse(line));
assert.equal(messages.length, 4);

function accepts(library, secret, headers, body) {
  try {
    new library.Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}

function* mutations(headers, body) {
  for (let at = 0; at < body.length; at += Math.max(1, Math.floor(body.length / 40))) {
    yield [headers, body.slice(0, at) + String.fromCharCode(body.charCodeAt(at) ^ 1) + body.slice(at + 1)];
  }
  yield [headers, body + " "];
  yield [headers, body.slice(0, -1)];
  yield [{ ...headers, "webhook-id": headers["webhook-id"] + "x" }, body];
  for (const seconds of [1, -1, 3600, -3600]) {
    yield [{ ...headers, "webhook-timestamp": String(Number(headers["webhook-timestamp"]) + seconds) }, body];
  }
  const signature = headers["webhook-signature"];
  for (let at = 3; at < 45; at++) {
    const change = (part) => part.slice(0, at) + (part[at] === "A" ? "B" : "A") + part.slice(at + 1);
    const parts = signature.split(" ").map(change);
    yield [{ ...headers, "webhook-signature": parts.join(" ") }, body];
  }
  yield [{ ...headers, "webhook-signature": signature.replaceAll("v1,", "v2,") }, body];
  for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature"]) {
    const { [name]: _, ...rest } = headers;
    yield [rest, body];
  }
}

let refused = 0;
for (const { headers, body } of messages) {
  const rotated = JSON.parse(body).type === "steerco.webhook.test";
  for (const [name, library] of Object.entries(libraries)) {
    assert(accepts(library, first, headers, body), name);
    assert.equal(accepts(library, second, headers, body), rotated, name);
    for (const [changed, text] of mutations(headers, body)) {
      assert(!accepts(library, first, changed, text), `${name} ${JSON.stringify(changed)} ${text}`);
      refused += 1;
    }
  }
}
console.log(`${messages.length} messages accepted, ${refused} mutations refused`);
