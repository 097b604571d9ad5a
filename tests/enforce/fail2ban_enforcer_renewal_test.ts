import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import type { HostBan } from "../../lib/enforce/enforcer.ts";
import {
  ban,
  CLUSTER,
  EnforcerSetup,
  NEW,
} from "../support/enforce/enforcer_setup.ts";

const MINUTE_MS = 60_000;

/** A mapped jail that bans for a minute. */
class BriefSetup extends EnforcerSetup {
  constructor(jails: readonly string[] = ["web"]) {
    super(NEW, jails);
    for (const name of jails) this.fail2ban.jail(name).bantimeSeconds = 60;
  }

  /** A ban for so long, by the cluster. */
  ban(target: string, forMs = Infinity, jail = "web"): HostBan {
    const expiresMs = this.steady.nowMs() + forMs;
    return { ...ban(target, jail), expiresMs };
  }

  /** Renews. @returns What was said to fail2ban of bans. */
  async renewed(...bans: readonly HostBan[]): Promise<string[]> {
    const before = this.orders.length;
    await this.enforcer.renew(bans, () => {}, this.signal);
    return this.orders.slice(before);
  }
}

Deno.test("a ban is renewed once half of its jail's ban time is over, as long as the cluster wants it", async () => {
  const setup = new BriefSetup();
  const wanted = setup.ban("192.0.2.1", 2 * MINUTE_MS);
  await setup.apply(wanted);
  await setup.clock.advance(29_000);
  deepStrictEqual(await setup.renewed(wanted), []);
  await setup.clock.advance(1_000);
  deepStrictEqual(await setup.renewed(wanted), ["set web banip 192.0.2.1"]);
  deepStrictEqual(await setup.renewed(wanted), []);
  await setup.clock.advance(30_000);
  // 60 s are left, and as many there if it is renewed now.
  deepStrictEqual(await setup.renewed(wanted), ["set web banip 192.0.2.1"]);
  await setup.clock.advance(45_000);
  deepStrictEqual(await setup.renewed(wanted), []);
});

Deno.test("it is asked often enough for the shortest ban time, and looked now and then whether one has changed", async () => {
  const setup = new BriefSetup(["web", "mail"]);
  const pause = () => setup.enforcer.renew([], () => {}, setup.signal);
  strictEqual(await pause(), 15_000);
  setup.fail2ban.jail("mail").bantimeSeconds = 12;
  strictEqual(await pause(), 3_000);
  setup.fail2ban.jail("mail").bantimeSeconds = -1;
  setup.fail2ban.jail("web").bantimeSeconds = 86_400;
  strictEqual(await pause(), 30_000);
  setup.fail2ban.removeJail("web");
  strictEqual(await pause(), 30_000);
});

Deno.test("a ban of before a restart is renewed by its listed end, and at once where none is told", async () => {
  const setup = new BriefSetup();
  const [one, two] = [setup.ban("192.0.2.1"), setup.ban("192.0.2.2")];
  const { banned } = setup.fail2ban.jail("web");
  banned.set("192.0.2.1", setup.clock.nowMs() - 20_000);
  banned.set("192.0.2.2", setup.clock.nowMs() - 40_000);
  await setup.enforcer.list(setup.signal);
  deepStrictEqual(await setup.renewed(one, two), ["set web banip 192.0.2.2"]);
  const three = setup.ban("192.0.2.3");
  deepStrictEqual(await setup.renewed(one, two, three), [
    "set web banip 192.0.2.3",
  ]);
});

Deno.test("bans that another fail2ban has restored are renewed once they were compared: it knows of no renewal", async () => {
  const setup = new BriefSetup();
  const wanted = setup.ban("192.0.2.1");
  await setup.apply(wanted);
  deepStrictEqual(await setup.renewed(wanted), []);
  setup.fail2ban.servers++;
  // What it has not restored would be new bans.
  deepStrictEqual(await setup.renewed(wanted), []);
  deepStrictEqual(await setup.renewed(wanted), ["set web banip 192.0.2.1"]);
});

Deno.test("a ban whose jail's time was made shorter is renewed by the new one", async () => {
  const setup = new BriefSetup();
  setup.fail2ban.jail("web").bantimeSeconds = 600;
  const wanted = setup.ban("192.0.2.1");
  await setup.apply(wanted);
  await setup.clock.advance(20_000);
  deepStrictEqual(await setup.renewed(wanted), []);
  setup.fail2ban.jail("web").bantimeSeconds = 40;
  deepStrictEqual(await setup.renewed(wanted), ["set web banip 192.0.2.1"]);
});

Deno.test("what ignoreip has come to name, and a jail for ever, are not renewed", async () => {
  const setup = new BriefSetup(["web", CLUSTER]);
  setup.fail2ban.jail(CLUSTER).bantimeSeconds = -1;
  const bans = [
    setup.ban("192.0.2.1"),
    setup.ban("192.0.2.2"),
    setup.ban("192.0.2.3", Infinity, CLUSTER),
  ];
  await setup.apply(...bans);
  await setup.clock.advance(40_000);
  setup.fail2ban.jail("web").ignored = ["192.0.2.1"];
  deepStrictEqual(await setup.renewed(...bans), ["set web banip 192.0.2.2"]);
});

Deno.test("very many bans are renewed in several goes, in commands of as many as usual", async () => {
  const setup = new BriefSetup();
  const bans = Array.from(
    { length: 230 },
    (_, at) => setup.ban(`198.18.0.${at}`),
  );
  const { signal, enforcer } = setup;
  strictEqual(await enforcer.renew(bans, () => {}, signal), 0);
  strictEqual(setup.orders.length, 10);
  strictEqual(await enforcer.renew(bans, () => {}, signal), 15_000);
  strictEqual(setup.orders.length, 12);
  strictEqual(await enforcer.renew(bans, () => {}, signal), 15_000);
  strictEqual(setup.orders.length, 12);
});

Deno.test("a renewal that fail2ban refuses is told, and made again", async () => {
  const setup = new BriefSetup();
  const wanted = setup.ban("192.0.2.1");
  setup.fail2ban.refuses = ([verb]) => verb === "set" ? "no" : undefined;
  await rejects(setup.renewed(wanted), RuntimeError);
  setup.fail2ban.refuses = () => undefined;
  deepStrictEqual(await setup.renewed(wanted), ["set web banip 192.0.2.1"]);
});
