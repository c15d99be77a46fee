// Create, list, patch, upsert and watch with openapi-fetch over the types of openapi-typescript.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./steerco.js";

const client = createClient<paths>({
  baseUrl: process.env.STEERCO_SERVER!,
  headers: { Authorization: `Bearer ${process.env.INTEGRATION}` },
});

/** The answer, or the problem as an error. */
function good<T>(answer: { data?: T; error?: unknown }): NonNullable<T> {
  if (answer.data == null) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

const programs = good(await client.GET("/v1/programs", { params: { query: { page_size: 1 } } }));
const program = programs.items[0]!;
assert("id" in program && typeof program.id === "string");
const before = good(await client.GET("/v1/risks", { params: { query: { page_size: 1 } } })).sync_token;

const wanted: components["schemas"]["RiskCreate"] = {
  kind: "threat",
  program_id: program.id,
  title: "Made by openapi-fetch",
  cost_likely: { amount: "1250.5", currency: "USD" },
};
const header = { "Idempotency-Key": "fetch-1" };
const made = await client.POST("/v1/risks", { body: wanted, params: { header } });
assert.equal(made.response.status, 201);
const risk = good(made);
assert.equal(risk.cost_likely?.amount, "1250.5000");
const again = await client.POST("/v1/risks", { body: wanted, params: { header } });
assert.equal(again.response.headers.get("idempotency-replayed"), "true");
assert.equal(good(again).id, risk.id);

const filter = 'title = "Made by openapi-fetch"';
const page = good(await client.GET("/v1/risks", { params: { query: { filter, include_total: true } } }));
assert.equal(page.total, "1");

const path = { id: risk.id };
const patched = good(
  await client.PATCH("/v1/risks/{id}", { params: { path }, body: { probability: 0.5, cost_likely: null } }),
);
assert.equal(patched.probability, 0.5);
assert.equal(patched.revision, 2);
const refused = await client.PATCH("/v1/risks/{id}", { params: { path }, body: { title: "" } });
assert.equal(refused.error?.code, "INVALID_ARGUMENT");
assert.equal(refused.error?.errors?.[0]?.pointer, "/title");

const outcomes: unknown[] = [];
for (const title of ["Upserted by fetch", "Upserted by fetch", "Upserted again"]) {
  const answer = await client.PUT("/v1/risks/by-ref/{source}/{external_id}", {
    params: { path: { source: "nyc", external_id: "client/fetch 1" } },
    body: { kind: "threat", program_id: program.id, title },
  });
  outcomes.push(answer.response.headers.get("steerco-outcome"));
}
assert.deepEqual(outcomes, ["created", "unchanged", "updated"]);

const abort = new AbortController();
const stream = await client.GET("/v1/events/stream", {
  params: { query: { after: before } },
  parseAs: "stream",
  signal: abort.signal,
});
const seen: string[] = [];
let text = "";
const reader = stream.response.body ?? stream.data;
assert(reader != null);
for await (const piece of reader as unknown as AsyncIterable<Uint8Array>) {
  text += new TextDecoder().decode(piece);
  const lines = text.split("\n");
  text = lines.pop()!;
  for (const line of lines.filter((line) => line.startsWith("data: "))) {
    seen.push((JSON.parse(line.slice(6)) as components["schemas"]["Event"]).operation);
  }
  if (seen.length >= 4) break;
}
abort.abort();
assert.deepEqual(seen, ["risk.create", "risk.update", "risk.upsert", "risk.upsert"]);
console.log("created, listed, patched, upserted, watched");
