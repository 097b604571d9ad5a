import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import {
  decodeStep,
  encodeStep,
  type SharedStep,
} from "../../lib/engine/shared_step.ts";
import { importOrigin, parseImportName } from "../../lib/base/operator_name.ts";
import { address, host } from "../support/values/core_values.ts";
import {
  banKey,
  eventName,
  lift,
  NOW_MS,
  receipt,
  report,
  reports,
  unnamed,
  withdraw,
} from "../support/values/stored_changes.ts";

const IP = banKey("192.0.2.1");
const name = parseImportName("drop");
ok(name);
const atMs = NOW_MS + 0.25;

const STEPS: Readonly<Record<string, SharedStep>> = {
  "changes of each kind, and an event that changed nothing": {
    kind: "append",
    nowMs: atMs,
    entries: [
      { event: eventName("a"), change: report(1, IP, { expiresMs: atMs }) },
      unnamed({ ...report(2, IP), origin: importOrigin(name) }),
      unnamed(withdraw(3, IP)),
      unnamed(lift(4, IP)),
      { event: eventName("b"), change: undefined },
    ],
  },
  "more than fits uncompressed": {
    kind: "append",
    nowMs: NOW_MS,
    entries: reports(500).map(unnamed),
  },
  receipts: {
    kind: "receipts",
    receipts: [receipt(IP), receipt(IP, { outcome: "failed", detail: '"x"' })],
  },
  "an audit, of the journal and not": {
    kind: "audit",
    entries: [
      { atMs, by: "root", action: "ban", subject: "192.0.2.1", detail: "" },
      {
        revision: 3,
        atMs,
        by: "a",
        action: "b",
        subject: "c",
        detail: "\u00e9",
      },
    ],
  },
  "a node that is set aside": {
    kind: "aside",
    quarantine: {
      ...{ node: host("web1"), sinceMs: atMs },
      ...{ reason: "flood", count: 9 },
    },
  },
  "a node that is released": { kind: "release", node: host("web1") },
  "entries of a list": {
    kind: "stage",
    list: 3,
    entries: [{ address: address("2001:db8::/48"), sinceMs: atMs }],
  },
  "an import without an end": {
    kind: "take",
    imported: {
      ...{ name, list: 3, entries: 1, atMs, endsMs: Infinity },
      state: "taken",
    },
  },
  "an import that is forgotten": { kind: "forget", name },
  "lists that are swept": { kind: "sweep", max: 500 },
};

for (const [what, step] of Object.entries(STEPS)) {
  Deno.test(`a step is read as it was written: ${what}`, async () => {
    deepStrictEqual(await decodeStep(await encodeStep(step)), step);
  });
}

Deno.test("a large step is compressed", async () => {
  const step = STEPS["more than fits uncompressed"];
  ok(step);
  const bytes = await encodeStep(step);
  ok(bytes.length * 4 < JSON.stringify(step).length, `${bytes.length}`);
});

Deno.test("what breaks the grammar is refused, and never repaired", async () => {
  const text = (value: unknown) =>
    new TextEncoder().encode(JSON.stringify(value));
  const release = { kind: "release", node: "web1" };
  for (
    const bytes of [
      new Uint8Array(),
      Uint8Array.of(0x78, 0x9c, 1, 2, 3),
      text([]),
      text({ ...release, kind: "other" }),
      text({ ...release, node: "web 1" }),
      text({ ...release, more: 1 }),
      text({ kind: "append", nowMs: 1, entries: [{ event: null }] }),
      text({ kind: "sweep", max: -1 }),
      text({ kind: "sweep", max: "1" }),
    ]
  ) {
    await rejects(decodeStep(bytes), RuntimeError);
  }
});
