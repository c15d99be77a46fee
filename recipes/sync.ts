// Keeps a copy of some kinds of resources in a file: first a snapshot, then what changed. It may be killed at any moment.
//
//     node sync.js COPY.json risks projects              follows until it is stopped
//     node sync.js COPY.json risks projects --until-now
//
// STEERCO_SERVER and STEERCO_TOKEN say where and as whom. `steerco.ts` are the types of the server's own document, made by
// `openapi-typescript $STEERCO_SERVER/openapi.json -o steerco.ts`.
//
// Why nothing is missed and nothing doubled: rows and cursor are written to one file that takes the place of the one before
// it whole; the snapshot's cursor was taken before its first page; and an older revision than the one held changes nothing.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import createClient from "openapi-fetch";
import type { components, paths } from "./steerco.js";

type Event = components["schemas"]["Event"];
type Row = { id: string; revision: number };
type Copy = { cursor?: string; rows: Record<string, Row> };
type Page = { items: Row[]; next_page_token?: string; sync_token: string };

/** What is followed: lists by the names of their paths, and the kind that the feed calls each. */
const KINDS = { risks: "risk", projects: "project", deliverables: "deliverable" } as const;
type List = keyof typeof KINDS;

const [file, ...words] = process.argv.slice(2);
const untilNow = words.includes("--until-now");
const lists = words.filter((word): word is List => word in KINDS);
const client = createClient<paths>({
  baseUrl: process.env.STEERCO_SERVER!,
  headers: { Authorization: `Bearer ${process.env.STEERCO_TOKEN}` },
});

class Refused extends Error {
  constructor(readonly code: string, detail: string) {
    super(detail);
  }
}

/** The answer; what may pass is asked again, after the time that the server names. */
async function ask<T>(call: () => Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  for (let failed = 1; ; failed++) {
    let wait = 0;
    try {
      const { data, error, response } = await call();
      if (data !== undefined) return data;
      const problem = error as components["schemas"]["Problem"];
      if (!problem.retryable) throw new Refused(problem.code, problem.detail);
      wait = Number(response.headers.get("retry-after") ?? 0) * 1000;
    } catch (fault) {
      // `fetch` throws a TypeError where there is no answer.
      if (!(fault instanceof TypeError)) throw fault;
    }
    await pause(Math.max(wait, Math.min(30_000, 100 * 2 ** failed)));
  }
}

function read(): Copy {
  return existsSync(file!) ? JSON.parse(readFileSync(file!, "utf8")) : { rows: {} };
}

function keep(copy: Copy) {
  writeFileSync(`${file}.new`, JSON.stringify(copy));
  renameSync(`${file}.new`, file!);
}

function put(copy: Copy, row: Row) {
  const held = copy.rows[row.id];
  if (!held || row.revision >= held.revision) copy.rows[row.id] = row;
}

/** Reads every list. Nothing is kept before the end, so that one that broke off begins again. */
async function snapshot(): Promise<Copy> {
  const copy: Copy = { rows: {} };
  for (const list of lists) {
    let token: string | undefined;
    do {
      const query = { page_size: 1000, page_token: token };
      const path = `/v1/${list}` as "/v1/risks";
      const page = (await ask(() => client.GET(path, { params: { query } }))) as unknown as Page;
      copy.cursor ??= page.sync_token;
      page.items.forEach((row) => put(copy, row));
      token = page.next_page_token;
    } while (token);
  }
  return copy;
}

function take(copy: Copy, event: Event) {
  if (event.deleted || event.visibility === "lost") delete copy.rows[event.resource_id];
  // What held before changes nothing of what holds now.
  else if (!event.operation.endsWith(".backfill")) put(copy, event.after as unknown as Row);
}

/** Takes what changed, page by page. False where the copy has to be read anew. */
async function follow(copy: Copy): Promise<boolean> {
  const kinds = lists.map((list) => KINDS[list]);
  for (;;) {
    const query = { after: copy.cursor, kinds, page_size: 1000 };
    const querySerializer = { array: { style: "form", explode: false } } as const;
    const page = await ask(() => client.GET("/v1/events", { params: { query }, querySerializer }));
    if (page.events.some((event) => event.visibility === "access_changed")) return false;
    page.events.forEach((event) => take(copy, event));
    copy.cursor = page.next_cursor;
    keep(copy);
    if (page.more) continue;
    if (untilNow) return true;
    await pause(500);
  }
}

for (let copy = read(); ; copy = { rows: {} }) {
  try {
    if (!copy.cursor) keep((copy = await snapshot()));
    if (await follow(copy)) break;
  } catch (fault) {
    // The feed no longer reaches back to the cursor: what is held is read anew.
    if (!(fault instanceof Refused && fault.code === "CURSOR_EXPIRED")) throw fault;
  }
}
