import { deepStrictEqual } from "node:assert/strict";
import type { Change } from "../../lib/ban/ban.ts";
import { BanTable } from "../../lib/ban/ban_table.ts";
import { PublisherTally } from "../../lib/metrics/publisher_tally.ts";
import { host } from "../support/values/core_values.ts";
import { key, reported } from "../support/values/bans.ts";

/** A tally of a table, and what it observed. */
function world() {
  const observed: unknown[] = [];
  const tally = new PublisherTally({
    hostName: host("hub"),
    durations: { observe: (...told) => observed.push(told) },
  });
  const table = new BanTable();
  const note = (change: Change) =>
    tally.noteKept([{ change, ...table.apply(change) }]);
  const applied = (node: string, atMs: number, last = 1) =>
    tally.noteReceipts([{
      ...key(last),
      node: host(node),
      action: "nftables",
      outcome: "applied",
      detail: "",
      atMs,
    }]);
  return { observed, tally, table, note, applied };
}

Deno.test("PublisherTally tells what ended each ban", () => {
  const { tally, table, note } = world();
  const at = (seq: number, last: number) => ({ seq, atMs: 0, ...key(last) });
  for (let last = 1; last <= 5; last++) {
    note(reported(last, "web1", { last, expiresMs: 1_000 }));
  }
  note({ kind: "withdraw", ...at(6, 1), origin: host("web1") });
  note({ kind: "lift", ...at(7, 2), by: host("operator") });
  note({ kind: "lift", ...at(8, 3), by: host("HUB") });
  note({ kind: "lift", ...at(9, 4), by: host("web2") });
  tally.noteExpired(table.expire(1_000));
  deepStrictEqual([...tally.lifted.entries()], [
    [{ by: "withdraw" }, 1],
    [{ by: "operator" }, 1],
    [{ by: "allowlist" }, 1],
    [{ by: "node" }, 1],
    [{ by: "end" }, 1],
  ]);
  deepStrictEqual(tally.jails.entries(9), []);
});

Deno.test("PublisherTally observes how long a node takes, once a ban counts, and of old bans nothing", () => {
  const { observed, note, applied } = world();
  const name = "f2bc_publisher_applied_delay_seconds";
  note(reported(1, "web1", { last: 1, atMs: 1_000 }));
  note(reported(2, "web1", { last: 2, atMs: 1_000, isPending: true }));
  applied("Web2", 1_250);
  applied("web2", 1_250, 2);
  applied("web2", 1_250, 3);
  // A host that was away for long tells all that it has in force.
  applied("web3", 3_600_000);
  note(reported(3, "web3", { last: 2, atMs: 2_000 }));
  applied("web2", 2_500, 2);
  deepStrictEqual(observed, [
    [name, 0.25, { node: "web2" }],
    [name, 0.5, { node: "web2" }],
  ]);
});

Deno.test("PublisherTally counts refusals and deeds, and observes commits in seconds", () => {
  const { observed, tally } = world();
  const refused = { node: host("WEB9"), ...key(), rule: "loopback" };
  tally.noteRefused(refused);
  tally.noteRefused(refused);
  tally.noteDeed("unban", "cli");
  tally.noteCommit(25);
  deepStrictEqual([...tally.refused.entries()], [
    [{ node: "web9", rule: "loopback" }, 2],
  ]);
  deepStrictEqual([...tally.deeds.entries()], [[
    { verb: "unban", by: "cli" },
    1,
  ]]);
  deepStrictEqual(observed, [[
    "f2bc_publisher_commit_duration_seconds",
    0.025,
  ]]);
});
