import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { DesiredCopy } from "../../lib/enforce/desired_copy.ts";
import { NetworkSet } from "../../lib/base/network_set.ts";
import { address } from "../support/values/core_values.ts";
import {
  ActionBench,
  type ActionBenchOptions,
} from "../support/bench/action_bench.ts";

/** An action whose bans of all jails are in one. */
class JailsBench extends ActionBench {
  constructor(options: ActionBenchOptions = {}) {
    super({ source: DesiredCopy, jailMap: "", ...options });
  }

  /** Tells it that nodes banned or unbanned the same address in jails. */
  async told(...events: readonly string[]): Promise<void> {
    await this.act(...events.map((event) => {
      const [kind = "", jail = ""] = event.split(" ");
      return `web-1|${jail}|${kind}|192.0.2.1`;
    }));
  }

  /** What was told of which jail since this was asked. */
  takeJails(): string[] {
    return this.receipts.splice(0).map(({ jail, outcome, detail }) =>
      `${jail} ${outcome} ${detail}`.trim()
    ).sort();
  }
}

for (const lapses of [false, true]) {
  const name = `where bans ${lapses ? "" : "don't "}end by themselves`;

  Deno.test(`EnforcedAction gives a receipt of each jail whose ban it has in force as one, ${name}`, async () => {
    await using bench = new JailsBench({ lapses });
    await bench.start();
    await bench.told("Ban sshd", "Ban nginx");
    deepStrictEqual(bench.takeJails(), ["nginx applied", "sshd applied"]);
    await bench.told("Ban recidive");
    deepStrictEqual(bench.takeJails(), ["recidive applied"]);
    await bench.told("Unban nginx");
    deepStrictEqual(bench.takeJails(), ["nginx lifted"]);
    await bench.told("Unban recidive");
    deepStrictEqual(bench.takeJails(), ["recidive lifted"]);
    bench.holds(1);
    await bench.told("Unban sshd");
    deepStrictEqual(bench.takeJails(), ["sshd lifted"]);
    bench.holds();
  });

  Deno.test(`EnforcedAction gives a receipt of a ban that stands anew before it was lifted, ${name}`, async () => {
    await using bench = new JailsBench({ lapses });
    await bench.start();
    await bench.told("Ban sshd");
    bench.takeJails();
    await bench.told("Unban sshd", "Ban sshd");
    deepStrictEqual(bench.takeJails(), ["sshd applied"]);
    await bench.told("Unban sshd", "Ban nginx");
    deepStrictEqual(bench.takeJails(), ["nginx applied", "sshd lifted"]);
    bench.holds(1);
  });
}

Deno.test("EnforcedAction gives a receipt of each jail whose ban failed or was refused", async () => {
  await using bench = new JailsBench();
  const { enforcer, clock } = bench;
  await bench.start();
  enforcer.refuse = () => "no set";
  await bench.told("Ban sshd", "Ban nginx");
  deepStrictEqual(bench.takeJails(), [
    "nginx failed no set",
    "sshd failed no set",
  ]);
  await bench.told("Ban recidive");
  await clock.advance(60_000);
  deepStrictEqual(bench.takeJails(), ["recidive failed no set"]);
  enforcer.refuse = () => undefined;
  enforcer.forbids = () => "ignoreip";
  await clock.advance(60_000);
  deepStrictEqual(bench.takeJails(), [
    "nginx refused ignoreip",
    "recidive refused ignoreip",
    "sshd refused ignoreip",
  ]);
  await bench.told("Ban mail");
  deepStrictEqual(bench.takeJails(), ["mail refused ignoreip"]);
});

Deno.test("EnforcedAction says of each jail that its ban came to be protected, and lifts it for each", async () => {
  await using bench = new JailsBench();
  await bench.start();
  await bench.told("Ban sshd", "Ban nginx");
  bench.takeJails();
  const label = "192.0.2.1";
  const networks = new NetworkSet([{ network: address(label), label }]);
  bench.policy = {
    ...bench.policy,
    guarded: [{ rule: "ignoreip", networks }],
  };
  await bench.clock.advance(2_000);
  deepStrictEqual(bench.takeJails(), [
    "nginx lifted",
    "nginx refused ignoreip: 192.0.2.1",
    "sshd lifted",
    "sshd refused ignoreip: 192.0.2.1",
  ]);
});

Deno.test("EnforcedAction gives a receipt of a jail that reported while it was away what it has in force", async () => {
  await using bench = new JailsBench();
  await bench.start();
  await bench.told("Ban sshd");
  bench.takeJails();
  await bench.stop();
  bench.renew();
  await bench.told("Ban sshd", "Ban nginx");
  await bench.start();
  deepStrictEqual(bench.takeJails(), ["nginx applied"]);
  bench.holds(1);
});

Deno.test("EnforcedAction tells once more what it has in force, and of nothing else", async () => {
  await using bench = new JailsBench();
  await bench.start();
  await bench.told("Ban sshd", "Ban nginx");
  bench.enforcer.refuse = () => "no set";
  await bench.act("web-1|sshd|Ban|192.0.2.2");
  bench.takeJails();
  strictEqual([...bench.action.tellInForce()].length, 1);
  deepStrictEqual(bench.takeJails(), ["nginx applied", "sshd applied"]);
});

Deno.test("EnforcedAction lifts for each jail a ban whose time is over", async () => {
  await using bench = new JailsBench({ banTimeMs: 10_000 });
  await bench.start();
  await bench.told("Ban sshd", "Ban nginx");
  bench.takeJails();
  await bench.clock.advance(12_000);
  deepStrictEqual(bench.takeJails(), ["nginx lifted", "sshd lifted"]);
  bench.holds();
});

Deno.test("EnforcedAction lifts for each jail in the end what it could not lift at first", async () => {
  await using bench = new JailsBench();
  const { enforcer, clock } = bench;
  await bench.start();
  await bench.told("Ban sshd", "Ban nginx");
  bench.takeJails();
  enforcer.down = "no socket";
  await bench.told("Unban sshd", "Unban nginx");
  await clock.advance(10_000);
  deepStrictEqual(bench.takeJails(), [
    "nginx failed no socket",
    "sshd failed no socket",
  ]);
  enforcer.down = undefined;
  await clock.advance(60_000);
  deepStrictEqual(bench.takeJails(), ["nginx lifted", "sshd lifted"]);
});
