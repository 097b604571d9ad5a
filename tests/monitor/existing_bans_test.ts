import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import { ExistingBans } from "../../lib/monitor/existing_bans.ts";
import { Fail2banInfo } from "../../lib/fail2ban/fail2ban_info.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryFail2ban } from "../support/memory/memory_fail2ban.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const NEVER = new AbortController().signal;
const NO_ROWS = { ticketRow: () => undefined };

function bench(version?: string) {
  const clock = new ManualClock();
  const log = new MemoryLog();
  const server = new MemoryFail2ban(clock, version);
  const fail2ban = new Fail2banInfo(server, clock);
  return {
    clock,
    log,
    server,
    existing: new ExistingBans({ fail2ban, rows: NO_ROWS, clock, log }),
  };
}

function banAll(server: MemoryFail2ban, nowMs: number): void {
  server.jail("sshd").banned.set("192.0.2.1", nowMs - 60_000);
  server.jail("web").banned.set("2001:db8::/64", nowMs);
  server.jail("web").banned.set("mallory", nowMs);
  server.jail("web").bantimeSeconds = -1;
  server.jail("fail2bancluster").banned.set("192.0.2.9", nowMs);
}

Deno.test("ExistingBans lists what fail2ban has, but not in the cluster's own jail", async () => {
  const { clock, server, existing } = bench();
  banAll(server, clock.nowMs());
  const bans = await existing.list(NEVER);
  deepStrictEqual(
    bans?.map(({ jail, address, expiresMs }) => [jail, address, expiresMs]),
    [
      ["sshd", "192.0.2.1", clock.nowMs() + 540_000],
      ["web", "2001:db8::/64", Infinity],
    ],
  );
});

Deno.test("ExistingBans names a ban the same each time, and one made later otherwise", async () => {
  const { clock, server, existing } = bench();
  banAll(server, clock.nowMs());
  const first = await existing.list(NEVER);
  deepStrictEqual(await existing.list(NEVER), first);
  server.jail("sshd").banned.set("192.0.2.1", clock.nowMs());
  const [sshd, web] = await existing.list(NEVER) ?? [];
  strictEqual(sshd?.id === first?.[0]?.id, false);
  strictEqual(web?.id, first?.[1]?.id);
});

Deno.test("ExistingBans does with a fail2ban that tells no times", async () => {
  const { clock, server, existing } = bench("0.10.4");
  banAll(server, clock.nowMs());
  const bans = await existing.list(NEVER);
  deepStrictEqual(bans?.map(({ address, expiresMs }) => [address, expiresMs]), [
    ["192.0.2.1", undefined],
    ["2001:db8::/64", undefined],
  ]);
});

Deno.test("ExistingBans tells once that fail2ban can't be asked", async () => {
  const { log, server, existing } = bench();
  server.failure = new RuntimeError("no socket");
  strictEqual(await existing.list(NEVER), undefined);
  strictEqual(await existing.list(NEVER), undefined);
  server.failure = undefined;
  deepStrictEqual(await existing.list(NEVER), []);
  deepStrictEqual(log.events, [
    "can't ask fail2ban for the bans it has",
    "fail2ban tells the bans it has",
  ]);
});

Deno.test("ExistingBans names and counts the jails that it leaves out for their names", async () => {
  const { clock, log, server, existing } = bench();
  for (const name of ["WordPress Login", "_ssh", "web(example.org)", "sshd"]) {
    server.jail(name).banned.set("192.0.2.1", clock.nowMs());
  }
  const bans = await existing.list(NEVER);
  deepStrictEqual(bans?.map(({ jail }) => jail), ["sshd"]);
  deepStrictEqual(log.events, ["bans of jails with such names are left out"]);
  deepStrictEqual(log.records[0]?.fields, {
    jails: 3,
    names: '"WordPress Login" "_ssh" "web(example.org)"',
  });
});
