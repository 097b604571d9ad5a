import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  ban,
  bans,
  CLUSTER,
  EnforcerSetup,
  NEW,
  OLD,
} from "../support/enforce/enforcer_setup.ts";

Deno.test("whom a host name in ignoreip stands for is not banned", async () => {
  const setup = new EnforcerSetup();
  setup.names["office.example"] = "192.0.2.1";
  setup.fail2ban.jail(CLUSTER).ignored = ["office.example", "gone.example"];
  deepStrictEqual(await setup.apply(...bans("192.0.2.1", "192.0.2.2")), [
    `192.0.2.1: ignoreip of jail ${CLUSTER} forbids it`,
  ]);
  deepStrictEqual(setup.fail2ban.banned(CLUSTER), ["192.0.2.2"]);
});

Deno.test("a refusal of ignoreip is for good, a missing jail is not", async () => {
  const setup = new EnforcerSetup();
  setup.fail2ban.jail(CLUSTER).ignored = ["192.0.2.1"];
  const failures = await setup.enforcer.apply(
    [ban("192.0.2.1"), ban("192.0.2.2", "web")],
    setup.signal,
  );
  deepStrictEqual(failures.map(({ kind }) => kind), ["refused", undefined]);
});

for (const version of [NEW, OLD]) {
  Deno.test(`in a jail that also detects, who is banned already is told and left alone: ${version}`, async () => {
    const setup = new EnforcerSetup(version, [CLUSTER, "sshd"]);
    setup.fail2ban.jail("sshd").banned.set("192.0.2.1", 0);
    const work = setup.enforcer.apply(
      [ban("192.0.2.1", "sshd"), ban("192.0.2.2", "sshd")],
      setup.signal,
    );
    await setup.clock.advance(2_000);
    deepStrictEqual((await work).map(({ ban, kind }) => [ban.address, kind]), [
      ["192.0.2.1", "present"],
    ]);
    deepStrictEqual(setup.orders, ["set sshd banip 192.0.2.2"]);
  });
}

Deno.test("ends are listed by the steady clock, though the system's was set", async () => {
  const setup = new EnforcerSetup();
  await setup.clock.advance(1_000);
  setup.clock.step(7_200_000);
  await setup.apply(...bans("192.0.2.1"));
  const [listed] = await setup.enforcer.list(setup.signal);
  strictEqual(listed?.expiresMs, setup.steady.nowMs() + 600_000);
});

Deno.test("another fail2ban, and an unban that lifted more than it should, are disturbances", async () => {
  const setup = new EnforcerSetup();
  const { enforcer, fail2ban } = setup;
  strictEqual(enforcer.disturbances, 0);
  await setup.apply(...bans("192.0.2.1", "192.0.2.0/24", "198.51.100.1"));
  await setup.lift(...bans("198.51.100.1"));
  strictEqual(enforcer.disturbances, 0);
  fail2ban.servers++;
  strictEqual(enforcer.disturbances, 1);
  // The prefix ends between the look and the unban.
  fail2ban.beforeUnban = () =>
    fail2ban.jail(CLUSTER).banned.delete("192.0.2.0/24");
  await setup.apply(...bans("192.0.2.2"));
  await setup.lift(...bans("192.0.2.0/24", "198.51.100.9"));
  deepStrictEqual(fail2ban.banned(CLUSTER), []);
  strictEqual(enforcer.disturbances, 2);
});
