import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { StoredReceipt } from "../../lib/ban/ban_store.ts";
import { TAKE_ALL } from "../../lib/choice/receiver_choice.ts";
import { EnforcementView } from "../../lib/operators/enforcement_view.ts";
import { updatesOf } from "../../lib/subscriber/ban_updates.ts";
import { banBy } from "../support/values/bans.ts";
import { host } from "../support/values/core_values.ts";
import { enforcing } from "../support/values/enforcing_nodes.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";

const NAMES = ["db1", "Web1", "web2", "web3", "widened"];

Deno.test("the publisher expects a ban where the subscriber acts on it or its own fail2ban does, and counts it as observed where it is", () => {
  const anyPatterns = fc.subarray(["*", "web*", "WEB2", "db1", "import:*"]);
  fc.assert(fc.property(
    fc.subarray(NAMES, { minLength: 1 }),
    fc.record({
      takeJails: fc.subarray(["*", "sshd", "ngin*"], { minLength: 1 }),
      ignoreJails: fc.subarray(["recidive", "ssh*"]),
      takeNodes: fc.constantFrom(["*"], ["web*"], ["web3", "WEB2"]),
      ignoreNodes: anyPatterns,
      observeNodes: anyPatterns,
    }),
    (reporters, choice) => {
      const ban = banBy(Object.fromEntries(reporters.map((it) => [it, 9_000])));
      const node = { ...enforcing("web2", "nftables"), choice };
      const view = new EnforcementView(new MemoryBanStore(), {
        enforcing: () => [node],
      });
      const receiver = { hostName: host("web2"), choice };
      const step = { before: undefined, after: ban };
      const isOwn = reporters.includes("web2");
      const acts = updatesOf(step, receiver).length > 0;
      const observes = updatesOf(step, receiver, "observed").length > 0;
      const { expected, observed } = view.count(ban);
      deepStrictEqual(
        [expected, observed],
        [acts || isOwn ? 1 : 0, observes && !isOwn ? 1 : 0],
      );
      strictEqual(view.expectedFor(ban).length, expected);
      const states = view.details(ban).map(({ state }) => state);
      const said = isOwn && !acts
        ? "applied"
        : acts && !isOwn
        ? "unknown"
        : undefined;
      if (said !== undefined) deepStrictEqual(states, [said]);
      else if (!isOwn) {
        deepStrictEqual(states, [observes ? "observed" : "left-out"]);
      }
    },
  ));
});

Deno.test("a ban that only its own node reported counts as in force there, though its subscriber has lifted what others said", () => {
  const ban = banBy({ web2: 9_000 });
  const { jail, address } = ban;
  const lifted: StoredReceipt = {
    ...{ node: host("web2"), jail, address, action: "nftables" },
    ...{ outcome: "lifted", detail: "", atMs: 0 },
  };
  const view = new EnforcementView({ receipts: () => [lifted] }, {
    enforcing: () => [{ ...enforcing("web2", "nftables"), choice: TAKE_ALL }],
  });
  const { enforced, expected } = view.count(ban);
  deepStrictEqual([enforced, expected], [1, 1]);
});
