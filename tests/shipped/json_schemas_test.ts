import { deepStrictEqual, ok } from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import bansSchema from "../../docs/schemas/bans.json" with { type: "json" };
import exportSchema from "../../docs/schemas/export.json" with { type: "json" };
import importSchema from "../../docs/schemas/import.json" with { type: "json" };
import importsSchema from "../../docs/schemas/imports.json" with {
  type: "json",
};
import statusSchema from "../../docs/schemas/status.json" with {
  type: "json",
};
import steeredSchema from "../../docs/schemas/steered.json" with {
  type: "json",
};
import tailSchema from "../../docs/schemas/tail.json" with { type: "json" };
import testSchema from "../../docs/schemas/test.json" with { type: "json" };
import whySchema from "../../docs/schemas/why.json" with { type: "json" };
import { banJson } from "../../lib/views/ban_view.ts";
import { exportLines } from "../../lib/views/export_formats.ts";
import { nodeStatusJson, statusJson } from "../../lib/views/status_view.ts";
import { liveEventJson } from "../../lib/views/tail_view.ts";
import { steeredJson } from "../../lib/views/steering_view.ts";
import { testedJson } from "../../lib/views/test_view.ts";
import { whyJson } from "../../lib/views/why_view.ts";
import { importedJson, importJson } from "../../lib/views/import_view.ts";
import { host } from "../support/values/core_values.ts";
import { DROP, IMPORTS, LIST, OUTCOME } from "../support/values/imports.ts";
import { CLUSTER, MEMBERSHIP, PROGRAMS } from "../support/values/statuses.ts";
import { LIVE_EVENTS } from "../support/values/live_events.ts";
import { OPERATOR_ANSWER } from "../../lib/wire/operator_messages.ts";
import { BANNED, FREE, WIDENED } from "../support/values/why_answers.ts";
import {
  drilledNode,
  heard,
  testedNode,
  testOf,
  unheard,
} from "../support/values/tests_of_nodes.ts";

const ajv = new Ajv2020({
  allErrors: true,
  allowUnionTypes: true,
  formats: { "date-time": /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ },
});

function check(validate: ValidateFunction, line: string): void {
  ok(!line.includes("\n"));
  validate(JSON.parse(line));
  deepStrictEqual(validate.errors ?? [], []);
}

Deno.test("bans --json is as docs/schemas/bans.json says", () => {
  const validate = ajv.compile(bansSchema);
  for (const { ban } of BANNED.bans) {
    check(validate, banJson(ban));
    check(
      validate,
      banJson({
        ...ban,
        reports: ban.reports.map((report) => ({ ...report, endsMs: null })),
        missing: [{
          node: host("db1"),
          action: "",
          state: "unknown",
          detail: "",
        }],
      }),
    );
  }
  ok(!validate({ address: "192.0.2.1" }));
});

Deno.test("export --format json is as docs/schemas/export.json says", () => {
  const validate = ajv.compile(exportSchema);
  const networks = BANNED.bans.flatMap(({ ban }) =>
    [null, 1_800_000_000_000].map((endsMs) => ({
      network: ban.address,
      endsMs,
    }))
  );
  ok(networks.length > 0);
  for (const line of exportLines("json", networks, 0)) check(validate, line);
});

Deno.test("import --json and imports --json are as their schemas say", () => {
  const validate = ajv.compile(importSchema);
  check(validate, importedJson(DROP, LIST, OUTCOME));
  check(validate, importedJson(DROP, LIST, { ...OUTCOME, endsMs: null }));
  check(validate, JSON.stringify({ name: DROP, gone: 3 }));
  ok(!validate({ name: DROP, gone: 3, format: "plain" }));
  const ofAll = ajv.compile(importsSchema);
  for (const each of IMPORTS) check(ofAll, importJson(each));
});

Deno.test("why --json is as docs/schemas/why.json says", () => {
  const validate = ajv.compile(whySchema);
  for (const why of [BANNED, FREE, WIDENED]) check(validate, whyJson(why));
  ok(!validate({ address: "192.0.2.1" }));
});

Deno.test("ban --json and unban --json are as docs/schemas/steered.json says", () => {
  const validate = ajv.compile(steeredSchema);
  const [first] = BANNED.bans;
  check(
    validate,
    steeredJson({
      bans: 1,
      reports: first?.ban.reports.map(({ node }) => ({
        node,
        jail: first.ban.jail,
      })) ?? [],
      done: 10,
      expected: 12,
      tookMs: 204,
      silent: [host("db3")],
      failed: first?.enforcement.slice(-1) ?? [],
      around: BANNED.bans.map(({ ban }) => ban.address),
      local: first?.ban.reports.map(({ node }) => ({
        ...{ node, jail: first.ban.jail },
        ...{ outcome: "failed" as const, detail: "there is no jail sshd" },
      })) ?? [],
    }),
  );
  ok(!validate({ bans: 1 }));
});

Deno.test("test --json is as docs/schemas/test.json says, and goes over the socket as it is", () => {
  const validate = ajv.compile(testSchema);
  const disagreements = [
    { rule: "verdict", node: "ignoreip: 192.0.2.0/24", hub: "allowed" },
  ] as const;
  const tested = testOf(
    testedNode("web1", [heard({ disagreements }), unheard()]),
    testedNode("new", []),
    drilledNode("db1", { outcome: "failed", detail: "nft failed" }),
    drilledNode("db2"),
  );
  for (const each of [tested, testOf()]) {
    check(validate, testedJson(each));
    const answer = { kind: "tested" as const, ...each };
    deepStrictEqual(
      OPERATOR_ANSWER.decode(OPERATOR_ANSWER.encode(answer)),
      answer,
    );
  }
  ok(!validate({ address: "192.0.2.1" }));
});

Deno.test("status --json is as docs/schemas/status.json says, on the hub and on a node", () => {
  const validate = ajv.compile(statusSchema);
  check(validate, statusJson(CLUSTER));
  check(validate, statusJson({ ...CLUSTER, storeTrouble: "disk full" }));
  check(validate, nodeStatusJson(MEMBERSHIP, PROGRAMS));
  ok(!validate({ kind: "hub" }));
});

Deno.test("tail --json is as docs/schemas/tail.json says, and goes over the socket as it is", () => {
  const validate = ajv.compile(tailSchema);
  for (const event of LIVE_EVENTS) check(validate, liveEventJson(event));
  ok(!validate({ kind: "ban" }));
  const answer = { kind: "events" as const, events: LIVE_EVENTS };
  deepStrictEqual(OPERATOR_ANSWER.decode(OPERATOR_ANSWER.encode(answer)), {
    ...answer,
  });
});
