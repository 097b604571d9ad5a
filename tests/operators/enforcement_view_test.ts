import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { StoredReceipt } from "../../lib/ban/ban_store.ts";
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

/** A view of the bans of one node, and a store that has what it said of any. */
function viewOfWeb2(action = "nftables") {
  const said = new Map<string, StoredReceipt>();
  const say = (action: string, outcome: StoredReceipt["outcome"]) => {
    const { jail, address } = banBy({ web2: 9_000 });
    const key = { node: host("web2"), jail, address, action };
    said.set(action, { ...key, outcome, detail: outcome, atMs: 0 });
  };
  const view = new EnforcementView(
    { receipts: () => [...said.values()] },
    { enforcing: () => [enforcing("web2", action)] },
  );
  return { view, say };
}

Deno.test("a ban that only its own node reported counts as in force there, though its subscriber has lifted what others said", () => {
  const { view, say } = viewOfWeb2();
  say("nftables", "lifted");
  const { enforced, expected } = view.count(banBy({ web2: 9_000 }));
  deepStrictEqual([enforced, expected], [1, 1]);
});

Deno.test("a ban that its own node's fail2ban only lists counts as failed there, until the node says otherwise or its subscriber has it in force", () => {
  const { view, say } = viewOfWeb2();
  const ban = banBy({ web2: 9_000 });
  const node = host("web2");
  const failed = { node, action: "fail2ban", state: "failed" } as const;
  say("fail2ban", "failed");
  const missing = [{ ...failed, detail: "failed" }];
  deepStrictEqual(view.count(ban), {
    ...{ enforced: 0, expected: 1, observed: 0, missing },
  });
  deepStrictEqual(view.details(ban), missing);
  deepStrictEqual(view.details(banBy({ web3: 9_000 })).map(stateOf), [
    "unknown",
  ]);

  // Others report it, too: then its subscriber puts it in force.
  const shared = banBy({ web2: 9_000, web3: 9_000 });
  strictEqual(view.count(shared).enforced, 0);
  say("nftables", "applied");
  strictEqual(view.count(shared).enforced, 1);
  deepStrictEqual(view.details(shared).map(stateOf), ["failed", "applied"]);

  say("fail2ban", "applied");
  strictEqual(view.count(ban).enforced, 1);
});

Deno.test("a ban that a node has by fail2banclient, and its fail2ban only lists, counts as failed there", () => {
  const { view, say } = viewOfWeb2("fail2banclient");
  const ban = banBy({ web3: 9_000 });
  say("fail2banclient", "applied");
  strictEqual(view.count(ban).enforced, 1);
  say("fail2ban", "failed");
  strictEqual(view.count(ban).missing[0]?.action, "fail2ban");
  deepStrictEqual(view.details(ban).map(stateOf), ["failed"]);
  // fail2ban has it to unban still.
  strictEqual(view.inForce(ban).size, 1);
});

function stateOf({ state }: { readonly state: string }): string {
  return state;
}
