// Create, list, patch, upsert and watch over gRPC, with the code of protobuf-es and the transport of connect.
import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { EventService } from "./gen/steerco/v1/event_pb.js";
import { ProgramService } from "./gen/steerco/v1/program_pb.js";
import { RiskKind, RiskSchema, RiskService } from "./gen/steerco/v1/risk_pb.js";

const transport = createGrpcTransport({ baseUrl: process.env.STEERCO_SERVER! });
const headers = { authorization: `Bearer ${process.env.INTEGRATION}` };
const risks = createClient(RiskService, transport);

const { programs } = await createClient(ProgramService, transport).listPrograms({ pageSize: 1 }, { headers });
const programId = programs[0]!.id;
const before = (await risks.listRisks({ pageSize: 1 }, { headers })).syncToken;

const risk = create(RiskSchema, {
  kind: RiskKind.THREAT,
  programId,
  title: "Made by connect",
  costLikely: { amount: "1250.5", currency: "USD" },
});
const once = { ...headers, "idempotency-key": "connect-1" };
const made = await risks.createRisk({ risk }, { headers: once });
assert.equal(made.costLikely?.amount, "1250.5000");
let replayed: string | null = null;
const again = await risks.createRisk(
  { risk },
  { headers: once, onHeader: (answer) => (replayed = answer.get("idempotency-replayed")) },
);
assert.equal(replayed, "true");
assert.equal(again.id, made.id);

const found = await risks.listRisks({ filter: 'title = "Made by connect"' }, { headers });
assert.deepEqual(found.risks.map((one) => one.id), [made.id]);

const patched = await risks.updateRisk(
  { risk: { id: made.id, probability: 0.5 }, updateMask: { paths: ["probability", "cost_likely"] } },
  { headers },
);
assert.equal(patched.probability, 0.5);
assert.equal(patched.costLikely, undefined);
await assert.rejects(
  risks.getRisk({ id: "risk_01kdvdna00e008000000000001" }, { headers }),
  (refusal) => refusal instanceof ConnectError && refusal.code === Code.NotFound,
);

const outcomes: (string | null)[] = [];
for (const title of ["Upserted by connect", "Upserted by connect", "Upserted again"]) {
  await risks.upsertRisk(
    { sourceRecord: { source: "nyc", externalId: "client/connect 1" }, risk: { kind: RiskKind.THREAT, programId, title } },
    { headers, onHeader: (answer) => outcomes.push(answer.get("steerco-outcome")) },
  );
}
assert.deepEqual(outcomes, ["created", "unchanged", "updated"]);

const seen: string[] = [];
const abort = new AbortController();
for await (const answer of createClient(EventService, transport).watch(
  { after: before },
  { headers, signal: abort.signal },
)) {
  seen.push(...answer.events.map((event) => event.operation));
  if (seen.length >= 4) break;
}
abort.abort();
assert.deepEqual(seen, ["risk.create", "risk.update", "risk.upsert", "risk.upsert"]);
console.log("created, listed, patched, upserted, watched");
process.exit(0);
