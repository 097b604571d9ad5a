import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { JailCounts } from "../../lib/metrics/jail_counts.ts";
import { LabelledCounts } from "../../lib/metrics/labelled_counts.ts";
import { address, jail } from "../support/values/core_values.ts";
import { banBy } from "../support/values/bans.ts";

function ban(name: string, of: string, isPending = false) {
  const jailName = jail(name);
  return {
    ...banBy({ web1: 1 }, { isPending }),
    jail: jailName,
    address: address(of),
  };
}

Deno.test("JailCounts count by family and by whether a ban waits, and forget a jail without bans", () => {
  const counts = new JailCounts();
  const began = [
    ban("sshd", "192.0.2.1"),
    ban("sshd", "2001:db8::1"),
    ban("sshd", "192.0.2.2", true),
    ban("web", "192.0.2.1"),
  ];
  for (const after of began) counts.note({ before: undefined, after });
  deepStrictEqual(counts.entries(9), [
    ["sshd", { ipv4: 1, ipv6: 1, pending: 1 }],
    ["web", { ipv4: 1, ipv6: 0, pending: 0 }],
  ]);
  counts.note({ before: began[2], after: ban("sshd", "192.0.2.2") });
  counts.note({ before: began[3], after: undefined });
  deepStrictEqual(counts.entries(9), [
    ["sshd", { ipv4: 2, ipv6: 1, pending: 0 }],
  ]);
});

Deno.test("JailCounts.entries() tells the largest jails, and the sum of the others", () => {
  const counts = new JailCounts();
  for (const [name, bans] of [["a", 1], ["b", 3], ["c", 2]] as const) {
    for (let at = 0; at < bans; at++) {
      const after = ban(name, `192.0.2.${at}`);
      counts.note({ before: undefined, after });
    }
  }
  deepStrictEqual(counts.entries(1), [
    ["b", { ipv4: 3, ipv6: 0, pending: 0 }],
    [undefined, { ipv4: 3, ipv6: 0, pending: 0 }],
  ]);
});

Deno.test("LabelledCounts do not grow with what others name, and lose no count", () => {
  const counts = new LabelledCounts(["node", "rule"], 10);
  for (let at = 0; at < 5_000; at++) counts.note([`web${at}`, "loopback"]);
  const entries = [...counts.entries()];
  strictEqual(entries.length, 11);
  strictEqual(entries.reduce((sum, [, count]) => sum + count, 0), 5_000);
  deepStrictEqual(entries.at(-1), [{ node: "other", rule: "loopback" }, 4_990]);
});
