import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import {
  ban,
  bans,
  CLUSTER,
  EnforcerSetup,
  NEW,
  OLD,
} from "../support/enforce/enforcer_setup.ts";
import { settled } from "../support/memory/manual_clock.ts";

Deno.test("it is what it says: fail2banclient, with bans that have to be lifted, a few at a time", () => {
  const { enforcer } = new EnforcerSetup();
  strictEqual(enforcer.name, "fail2banclient");
  strictEqual(enforcer.lapses, false);
  strictEqual(enforcer.maxBansAtOnce, 20);
});

Deno.test("bans of a jail are one command, unbans too, but for those of prefixes", async () => {
  const setup = new EnforcerSetup();
  const targets = ["192.0.2.1", "2001:db8::1", "198.51.100.0/24"];
  deepStrictEqual(await setup.apply(...bans(...targets)), []);
  deepStrictEqual(setup.fail2ban.banned(CLUSTER), targets);

  deepStrictEqual(await setup.lift(...bans(...targets)), []);
  deepStrictEqual(setup.fail2ban.banned(CLUSTER), []);
  deepStrictEqual(setup.orders, [
    `set ${CLUSTER} banip ${targets.join(" ")}`,
    `set ${CLUSTER} unbanip 192.0.2.1 2001:db8::1`,
    `set ${CLUSTER} unbanip 198.51.100.0/24`,
  ]);
});

Deno.test("bans of several jails are a command for each", async () => {
  const setup = new EnforcerSetup(NEW, [CLUSTER, "web"]);
  deepStrictEqual(
    await setup.apply(
      ban("192.0.2.1"),
      ban("192.0.2.2", "web"),
      ban("192.0.2.3"),
    ),
    [],
  );
  deepStrictEqual(setup.orders, [
    `set ${CLUSTER} banip 192.0.2.1 192.0.2.3`,
    "set web banip 192.0.2.2",
  ]);
});

Deno.test("an address that is reported twice is banned once", async () => {
  const setup = new EnforcerSetup();
  deepStrictEqual(await setup.apply(...bans("192.0.2.1", "192.0.2.1")), []);
  deepStrictEqual(setup.orders, [`set ${CLUSTER} banip 192.0.2.1`]);
});

for (const version of [NEW, OLD]) {
  Deno.test(`who is banned already is fine, and who is not when lifted: ${version}`, async () => {
    const setup = new EnforcerSetup(version);
    deepStrictEqual(await setup.apply(...bans("192.0.2.1")), []);
    deepStrictEqual(await setup.apply(...bans("192.0.2.1", "192.0.2.2")), []);
    deepStrictEqual(setup.fail2ban.banned(CLUSTER), ["192.0.2.1", "192.0.2.2"]);

    deepStrictEqual(await setup.lift(...bans("192.0.2.3", "192.0.2.1")), []);
    deepStrictEqual(setup.fail2ban.banned(CLUSTER), ["192.0.2.2"]);
  });

  Deno.test(`what fail2ban does not list afterwards is not in force: ${version}`, async () => {
    const setup = new EnforcerSetup(version);
    const { banned } = setup.fail2ban.jail(CLUSTER);
    banned.set = (target, madeMs) =>
      target === "192.0.2.2"
        ? banned
        : Map.prototype.set.call(banned, target, madeMs) as typeof banned;
    deepStrictEqual(await setup.apply(...bans("192.0.2.1", "192.0.2.2")), [
      `192.0.2.2: jail ${CLUSTER} does not list it`,
    ]);
  });

  Deno.test(`what fail2ban refuses to ban is not in force, for its reason: ${version}`, async () => {
    const setup = new EnforcerSetup(version);
    setup.fail2ban.refuses = (words) =>
      words.includes("192.0.2.2") ? "no" : undefined;
    deepStrictEqual(await setup.apply(...bans("192.0.2.2")), [
      "192.0.2.2: fail2ban: no",
    ]);
  });

  Deno.test(`what fail2ban refuses to lift is still in force: ${version}`, async () => {
    const setup = new EnforcerSetup(version);
    await setup.apply(...bans("192.0.2.1"));
    setup.fail2ban.refuses = (words) =>
      words.includes("unbanip") ? "no" : undefined;
    deepStrictEqual(await setup.lift(...bans("192.0.2.1")), [
      "192.0.2.1: fail2ban: no",
    ]);
  });

  Deno.test(`bans for a jail that is missing fail, others do not: ${version}`, async () => {
    const setup = new EnforcerSetup(version);
    deepStrictEqual(
      await setup.apply(ban("192.0.2.1", "web"), ban("192.0.2.2")),
      ["192.0.2.1: no jail web"],
    );
    deepStrictEqual(await setup.lift(ban("192.0.2.1", "web")), []);
    deepStrictEqual(setup.fail2ban.banned(CLUSTER), ["192.0.2.2"]);
  });

  Deno.test(`a jail that goes away meanwhile is noticed: ${version}`, async () => {
    const setup = new EnforcerSetup(version);
    deepStrictEqual(await setup.apply(...bans("192.0.2.1")), []);
    setup.fail2ban.removeJail(CLUSTER);
    deepStrictEqual(await setup.apply(...bans("192.0.2.2", "192.0.2.3")), [
      `192.0.2.2: no jail ${CLUSTER}`,
      `192.0.2.3: no jail ${CLUSTER}`,
    ]);
    // It comes back with another ignoreip.
    setup.fail2ban.jail(CLUSTER).ignored = ["192.0.2.3"];
    deepStrictEqual(await setup.apply(...bans("192.0.2.2", "192.0.2.3")), [
      `192.0.2.3: ignoreip of jail ${CLUSTER} forbids it`,
    ]);
    setup.fail2ban.removeJail(CLUSTER);
    deepStrictEqual(await setup.lift(...bans("192.0.2.2")), []);
  });

  Deno.test(`lifting a prefix that is not banned lifts nobody within it: ${version}`, async () => {
    const setup = new EnforcerSetup(version);
    await setup.apply(...bans("192.0.2.1", "192.0.2.128/25"));
    deepStrictEqual(
      await setup.lift(...bans("192.0.2.0/24", "192.0.2.128/25")),
      [],
    );
    deepStrictEqual(setup.fail2ban.banned(CLUSTER), ["192.0.2.1"]);
  });
}

Deno.test("an old fail2ban gets one address in a command, and time to ban it", async () => {
  const setup = new EnforcerSetup(OLD);
  deepStrictEqual(await setup.apply(...bans("192.0.2.1", "192.0.2.2")), []);
  deepStrictEqual(await setup.lift(...bans("192.0.2.1", "192.0.2.2")), []);
  deepStrictEqual(setup.orders, [
    `set ${CLUSTER} banip 192.0.2.1`,
    `set ${CLUSTER} banip 192.0.2.2`,
    `set ${CLUSTER} unbanip 192.0.2.1`,
    `set ${CLUSTER} unbanip 192.0.2.2`,
  ]);
  strictEqual(setup.clock.monotonicMs(), 1_000);
});

Deno.test("a fail2ban that does not know IPv6 is not given any", async () => {
  const setup = new EnforcerSetup(OLD);
  deepStrictEqual(await setup.apply(...bans("2001:db8::1", "192.0.2.1")), [
    "2001:db8::1: this fail2ban does not know IPv6",
  ]);
  deepStrictEqual(setup.orders, [`set ${CLUSTER} banip 192.0.2.1`]);
});

Deno.test("a fail2ban that does not tell its version is treated as the oldest", async () => {
  const setup = new EnforcerSetup(OLD);
  setup.fail2ban.refuses = ([verb]) =>
    verb === "version" ? "Invalid command" : undefined;
  deepStrictEqual(await setup.apply(...bans("192.0.2.1")), []);
  strictEqual((await setup.enforcer.list(setup.signal)).length, 1);
});

Deno.test("whom the jail's ignoreip protects is not banned, though fail2ban would", async () => {
  const setup = new EnforcerSetup();
  setup.fail2ban.jail(CLUSTER).ignored = ["192.0.2.0/28", "host.example"];
  deepStrictEqual(
    await setup.apply(...bans("192.0.2.1", "192.0.2.16", "192.0.2.0/24")),
    [
      `192.0.2.1: ignoreip of jail ${CLUSTER} forbids it`,
      `192.0.2.0/24: ignoreip of jail ${CLUSTER} forbids it`,
    ],
  );
  deepStrictEqual(setup.fail2ban.banned(CLUSTER), ["192.0.2.16"]);
  deepStrictEqual(await setup.apply(...bans("192.0.2.2")), [
    `192.0.2.2: ignoreip of jail ${CLUSTER} forbids it`,
  ]);
  strictEqual(setup.orders.length, 1);
});

Deno.test("jails and ignoreip are asked for again after a while, not each time", async () => {
  const setup = new EnforcerSetup();
  await setup.apply(...bans("192.0.2.1"));
  await setup.apply(...bans("192.0.2.2"));
  deepStrictEqual(setup.fail2ban.said, [
    "version",
    "status",
    `get ${CLUSTER} ignoreip`,
    `set ${CLUSTER} banip 192.0.2.1`,
    `set ${CLUSTER} banip 192.0.2.2`,
  ]);
  setup.fail2ban.jail(CLUSTER).ignored = ["192.0.2.3"];
  setup.fail2ban.jail("web");
  await setup.clock.advance(10_000);
  deepStrictEqual(
    await setup.apply(ban("192.0.2.3"), ban("192.0.2.4", "web")),
    [
      `192.0.2.3: ignoreip of jail ${CLUSTER} forbids it`,
    ],
  );
});

Deno.test("a jail that is missing is looked for again soon, but not for every batch", async () => {
  const setup = new EnforcerSetup();
  const noJail = ["192.0.2.1: no jail web"];
  deepStrictEqual(await setup.apply(ban("192.0.2.1", "web")), noJail);
  deepStrictEqual(await setup.apply(ban("192.0.2.1", "web")), noJail);
  deepStrictEqual(setup.fail2ban.said, ["version", "status"]);
  setup.fail2ban.jail("web");
  await setup.clock.advance(1_000);
  deepStrictEqual(await setup.apply(ban("192.0.2.1", "web")), []);
});

Deno.test("check finds out anew what fail2ban is there", async () => {
  const setup = new EnforcerSetup(OLD);
  await setup.enforcer.check(setup.signal);
  deepStrictEqual(setup.fail2ban.said, ["ping", "version", "status"]);
  setup.fail2ban.version = NEW;
  await setup.enforcer.check(setup.signal);
  await setup.apply(...bans("192.0.2.1", "2001:db8::1"));
  deepStrictEqual(setup.orders, [
    `set ${CLUSTER} banip 192.0.2.1 2001:db8::1`,
  ]);
});

Deno.test("bans are listed with their ends, jail by jail", async () => {
  const setup = new EnforcerSetup(NEW, [CLUSTER, "web", "gone"]);
  setup.fail2ban.removeJail("gone");
  setup.fail2ban.jail("web").bantimeSeconds = -1;
  setup.fail2ban.jail("web").banned.set("alice", 0);
  await setup.clock.advance(1_000);
  const expiresMs = setup.clock.nowMs() + 600_000;
  await setup.apply(ban("192.0.2.1"), ban("2001:db8::/48", "web"));
  await setup.clock.advance(5_000);
  deepStrictEqual(await setup.enforcer.list(setup.signal), [
    { jail: CLUSTER, address: "192.0.2.1", expiresMs },
    { jail: "web", address: "2001:db8::/48", expiresMs: Infinity },
  ]);
});

Deno.test("an old fail2ban lists bans without their ends", async () => {
  const setup = new EnforcerSetup(OLD);
  await setup.apply(...bans("192.0.2.1"));
  deepStrictEqual(await setup.enforcer.list(setup.signal), [
    { jail: CLUSTER, address: "192.0.2.1", expiresMs: undefined },
  ]);
});

Deno.test("while fail2ban can't be asked nothing counts as done", async () => {
  const setup = new EnforcerSetup();
  const { enforcer, signal, fail2ban } = setup;
  fail2ban.failure = new RuntimeError("fail2ban is not there");
  await rejects(enforcer.check(signal), fail2ban.failure);
  await rejects(enforcer.apply(bans("192.0.2.1"), signal), fail2ban.failure);
  await rejects(enforcer.lift(bans("192.0.2.1"), signal), fail2ban.failure);
  await rejects(enforcer.list(signal), fail2ban.failure);
});

Deno.test("a fail2ban that could not be asked is another one when it is back", async () => {
  const setup = new EnforcerSetup(OLD);
  const { enforcer, signal, fail2ban } = setup;
  await setup.apply(...bans("192.0.2.1"));
  fail2ban.failure = new RuntimeError("fail2ban is not there");
  await rejects(enforcer.apply(bans("192.0.2.2"), signal), fail2ban.failure);
  fail2ban.failure = undefined;
  fail2ban.version = NEW;
  fail2ban.jail(CLUSTER).ignored = ["192.0.2.2"];
  deepStrictEqual(await setup.apply(...bans("192.0.2.2", "2001:db8::1")), [
    `192.0.2.2: ignoreip of jail ${CLUSTER} forbids it`,
  ]);
});

Deno.test("an answer that makes no sense is an error to mend, not a bug", async () => {
  const { enforcer, signal, fail2ban } = new EnforcerSetup();
  fail2ban.refuses = ([verb]) => verb === "status" ? "no" : undefined;
  await rejects(enforcer.list(signal), RuntimeError);
  fail2ban.refuses = () => "no";
  await rejects(enforcer.check(signal), RuntimeError);
});

Deno.test("a stop ends the wait for an old fail2ban", async () => {
  const setup = new EnforcerSetup(OLD);
  setup.fail2ban.jail(CLUSTER).banned.set = () => new Map();
  const stop = new AbortController();
  const applying = setup.enforcer.apply(bans("192.0.2.1"), stop.signal);
  await settled();
  strictEqual(setup.clock.delays, 1);
  stop.abort(new Error("stopped"));
  await rejects(applying, /stopped/);
});
