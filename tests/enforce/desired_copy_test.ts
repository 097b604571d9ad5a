import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { DesiredBans } from "../../lib/enforce/desired_bans.ts";
import {
  ban,
  desiredCopy,
  listed,
  take,
  told,
} from "../support/bench/desired_bench.ts";

Deno.test("DesiredCopy takes any node's word for all, jail by jail", () => {
  const desired = desiredCopy();
  take(
    desired,
    0,
    "web-1|sshd|Unban|192.0.2.1",
    "web-1|sshd|Ban|192.0.2.1",
    "db-1|nginx|Ban|192.0.2.1",
  );
  deepStrictEqual(told(desired.endAdoption()), []);
  deepStrictEqual(take(desired, 0, "db-1|postfix|Unban|192.0.2.1"), []);
  deepStrictEqual(take(desired, 0, "db-1|sshd|Unban|192.0.2.1"), [
    "stands fail2bancluster|192.0.2.1 until 60000",
  ]);
  deepStrictEqual(take(desired, 0, "web-1|nginx|Unban|192.0.2.1"), [
    "withdrawn fail2bancluster|192.0.2.1 until 60000",
  ]);
});

Deno.test("DesiredCopy takes over nothing from a ledger or from what is in force, and has the ledger remember nothing", () => {
  const desired: DesiredBans = desiredCopy();
  const { jail, address } = ban(5_000);
  deepStrictEqual(desired.remember([ban(5_000)]), {
    changes: [],
    notes: [{ jail, address, reports: [] }],
  });
  deepStrictEqual(desired.adopt(listed(5_000), 0), []);
  strictEqual(desired.size, 0);
  take(desired, 0, "web-1|sshd|Ban|192.0.2.1");
  deepStrictEqual(desired.notesOf(desired.bans()), []);
});
