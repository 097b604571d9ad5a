import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import { CLUSTER_JAIL } from "../../lib/base/jail_name.ts";
import type { HostBan } from "../../lib/enforce/enforcer.ts";
import { address, host, jail } from "../support/values/core_values.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import {
  MemoryEnforcer,
  type MemoryEnforcerOptions,
} from "../support/memory/memory_enforcer.ts";
import { testEnforcer } from "./enforcer_contract.ts";

const SIGNAL = new AbortController().signal;

for (const lapses of [false, true]) {
  for (const lists of [false, true]) {
    const words = `that ${lapses ? "lapses" : "does not lapse"} and ${
      lists ? "lists" : "does not list"
    }`;
    testEnforcer(`MemoryEnforcer ${words}`, () => {
      const clock = new ManualClock();
      return Promise.resolve({
        enforcer: new MemoryEnforcer({ clock, lapses, lists }),
        clock,
        jails: [CLUSTER_JAIL, jail("web")] as const,
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    });
  }
}

function parts(options: Omit<MemoryEnforcerOptions, "clock"> = {}) {
  const clock = new ManualClock();
  const ban = (text: string, forMs = Infinity): HostBan => ({
    jail: CLUSTER_JAIL,
    address: address(text),
    expiresMs: clock.nowMs() + forMs,
    origin: host("web-1"),
    reportedJail: jail("sshd"),
  });
  return { clock, ban, enforcer: new MemoryEnforcer({ clock, ...options }) };
}

Deno.test("MemoryEnforcer fails as it is told", async () => {
  const { enforcer, ban } = parts();
  const bans = [ban("192.0.2.1"), ban("192.0.2.2")];
  const [first] = bans;
  ok(first);
  enforcer.refuse = ({ address }) => address === "192.0.2.1" ? "no" : undefined;
  deepStrictEqual(await enforcer.apply(bans, SIGNAL), [
    { ban: first, reason: "no" },
  ]);
  deepStrictEqual(enforcer.keys, ["fail2bancluster|192.0.2.2"]);
  enforcer.lostAnswer = "timed out";
  await rejects(enforcer.lift(bans.slice(1), SIGNAL), RuntimeError);
  deepStrictEqual(enforcer.keys, []);
  enforcer.down = "gone";
  await rejects(enforcer.check(SIGNAL), RuntimeError);
  await rejects(enforcer.list(SIGNAL), RuntimeError);
  enforcer.bug = new TypeError("a bug");
  await rejects(enforcer.apply([], SIGNAL), TypeError);
});

Deno.test("MemoryEnforcer ends bans by itself only where it lapses", async () => {
  for (const lapses of [false, true]) {
    const { enforcer, clock, ban } = parts({ lapses });
    await enforcer.apply([ban("192.0.2.1", 1_000), ban("192.0.2.2")], SIGNAL);
    await clock.advance(999);
    strictEqual(enforcer.keys.length, 2);
    await clock.advance(1);
    strictEqual(enforcer.keys.length, lapses ? 1 : 2);
    enforcer.lose();
    deepStrictEqual(enforcer.keys, []);
  }
});

Deno.test("MemoryEnforcer takes one call at a time, and no batch that is too large or names a ban twice", async () => {
  const { enforcer, ban } = parts({ maxBansAtOnce: 2 });
  const bans = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map((ip) => ban(ip));
  await rejects(enforcer.apply(bans, SIGNAL), TypeError);
  const twice = [...bans.slice(0, 1), ...bans.slice(0, 1)];
  await rejects(enforcer.apply(twice, SIGNAL), TypeError);
  enforcer.paused = true;
  const first = enforcer.check(SIGNAL);
  await rejects(enforcer.list(SIGNAL), TypeError);
  enforcer.resume();
  await first;
});
