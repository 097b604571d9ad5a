import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import { JailBanTimes } from "../../lib/fail2ban/jail_ban_times.ts";
import { Fail2banInfo } from "../../lib/fail2ban/fail2ban_info.ts";
import { jail } from "../support/values/core_values.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryFail2ban } from "../support/memory/memory_fail2ban.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const NEVER = new AbortController().signal;
const SSHD = jail("sshd");

function bench() {
  const clock = new ManualClock();
  const log = new MemoryLog();
  const server = new MemoryFail2ban(clock);
  const fail2ban = new Fail2banInfo(server, clock);
  const times = new JailBanTimes({ fail2ban, clock, log });
  const ask = () => times.banTimeMs(SSHD, NEVER);
  return { clock, log, server, ask };
}

Deno.test("JailBanTimes asks for a jail's ban time, and believes it for a minute", async () => {
  const { clock, server, ask } = bench();
  server.jail("sshd");
  strictEqual(await ask(), 600_000);
  server.jail("sshd").bantimeSeconds = -1;
  await clock.advance(59_999);
  strictEqual(await ask(), 600_000);
  await clock.advance(1);
  strictEqual(await ask(), Infinity);
  deepStrictEqual(server.said, ["get sshd bantime", "get sshd bantime"]);
});

Deno.test("JailBanTimes knows no time of a jail that is not there, and asks again soon", async () => {
  const { clock, log, server, ask } = bench();
  strictEqual(await ask(), undefined);
  strictEqual(await ask(), undefined);
  strictEqual(server.said.length, 1);
  server.jail("sshd");
  await clock.advance(10_000);
  strictEqual(await ask(), 600_000);
  deepStrictEqual(log.records, []);
});

Deno.test("JailBanTimes tells once that fail2ban does not answer, and asks again after a while", async () => {
  const { clock, log, server, ask } = bench();
  server.jail("sshd");
  strictEqual(await ask(), 600_000);
  await clock.advance(60_000);
  server.failure = new RuntimeError("no socket");
  for (let round = 0; round < 6; round++) {
    // The last answer is better than none.
    strictEqual(await ask(), 600_000);
    await clock.advance(5_000);
  }
  strictEqual(server.said.length, 1 + 3);
  server.failure = undefined;
  server.jail("sshd").bantimeSeconds = 60;
  strictEqual(await ask(), 60_000);
  deepStrictEqual(log.events, [
    "can't ask fail2ban for its ban times",
    "fail2ban tells its ban times again",
  ]);
});
