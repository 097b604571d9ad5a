import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../../lib/base/errors.ts";
import { Fail2banSocket } from "../../../lib/fail2ban/io/fail2ban_socket.ts";
import { scanLines } from "../../../lib/fail2ban/log_scanner.ts";
import type { Address } from "../../../lib/base/address.ts";
import { ban, bans, CLUSTER } from "../../support/enforce/enforcer_setup.ts";
import { writeFail2banConfig } from "../../support/fail2ban/fail2ban_server.ts";
import { describeEvent } from "../../support/values/log_samples.ts";
import { RealEnforcer } from "../../support/enforce/real_enforcer.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const SIGNAL = new AbortController().signal;
/** What fail2ban says of itself is believed for so long, in milliseconds. */
const BELIEVED_MS = 10_000;

testWith(
  "fail2ban",
  "bans and unbans are fail2ban's own, of IPv4, IPv6 and prefixes, once each",
  async () => {
    await using setup = await RealEnforcer.create();
    const targets = ["192.0.2.1", "198.51.100.0/24", "2001:db8::1"];
    await setup.enforcer.check(SIGNAL);
    await setup.apply(...bans(...targets));
    await setup.apply(...bans("192.0.2.1", "192.0.2.2"));
    deepStrictEqual(await setup.listed(), [
      "192.0.2.1",
      "192.0.2.2",
      "198.51.100.0/24",
      "2001:db8::1",
    ]);
    const status = await setup.server.client("status", CLUSTER);
    ok(/Currently banned:\t4$/m.test(status), status);

    await setup.lift(...bans(...targets, "192.0.2.99", "192.0.2.0/24"));
    deepStrictEqual(await setup.listed(), ["192.0.2.2"]);
    deepStrictEqual(await setup.server.acted(), [
      ...[...targets, "192.0.2.2"].map((target) => `ban ${CLUSTER} ${target}`),
      // Prefixes come last: each is a command of its own.
      ...targets.toSorted((left, right) =>
        Number(left.includes("/")) - Number(right.includes("/"))
      ).map((target) => `unban ${CLUSTER} ${target}`),
    ]);
  },
);

testWith("fail2ban", "ends are listed as fail2ban keeps them", async () => {
  const seconds = 3_600;
  await using setup = await RealEnforcer.create({
    [CLUSTER]: { bantime: seconds },
    forever: { bantime: -1 },
  });
  const startMs = Date.now();
  await setup.apply(ban("192.0.2.1"), ban("192.0.2.2", "forever"));
  await setup.clock.advance(Date.now() - setup.clock.nowMs());
  const ends = (await setup.enforcer.list(SIGNAL)).map((each) =>
    each.expiresMs
  );
  const [first = NaN, second] = ends;
  // fail2ban tells whole seconds.
  const offMs = first - startMs - seconds * 1_000;
  const tookMs = Date.now() - startMs;
  ok(offMs > -1_000 && offMs <= tookMs, `${offMs} ms, within ${tookMs} ms`);
  strictEqual(second, Infinity);
});

testWith(
  "fail2ban",
  "bans for a jail that is missing fail until it is there",
  async () => {
    await using setup = await RealEnforcer.create({ sshd: {} });
    deepStrictEqual(
      await setup.failures(ban("192.0.2.1"), ban("192.0.2.2", "sshd")),
      [
        `192.0.2.1: no jail ${CLUSTER}`,
      ],
    );
    await setup.lift(ban("192.0.2.1"));
    await writeFail2banConfig({
      dir: setup.dir.path(),
      jails: { sshd: {}, [CLUSTER]: {} },
    });
    await setup.server.client("reload");
    await setup.clock.advance(BELIEVED_MS);
    await setup.apply(ban("192.0.2.1"));

    await writeFail2banConfig({ dir: setup.dir.path(), jails: { sshd: {} } });
    await setup.server.client("reload");
    deepStrictEqual(await setup.failures(ban("192.0.2.3")), [
      `192.0.2.3: no jail ${CLUSTER}`,
    ]);
    deepStrictEqual(await setup.listed(), ["192.0.2.2"]);
  },
);

testWith(
  "fail2ban",
  "ignoreip of the jail is honoured, which banip does not",
  async () => {
    await using setup = await RealEnforcer.create({
      [CLUSTER]: { ignoreip: "192.0.2.8/29 2001:db8::1 host.invalid" },
      nobody: { ignoreip: "0.0.0.0/0" },
    });
    deepStrictEqual(
      await setup.failures(
        ...bans("192.0.2.7", "192.0.2.9", "2001:db8::1", "2001:db8::/64"),
        ...[ban("192.0.2.1", "nobody"), ban("2001:db8::1", "nobody")],
      ),
      [
        `192.0.2.9: ignoreip of jail ${CLUSTER} forbids it`,
        `2001:db8::1: ignoreip of jail ${CLUSTER} forbids it`,
        `2001:db8::/64: ignoreip of jail ${CLUSTER} forbids it`,
        "192.0.2.1: ignoreip of jail nobody forbids it",
      ],
    );
    deepStrictEqual(await setup.listed(), ["192.0.2.7", "2001:db8::1"]);
    await setup.server.client("set", CLUSTER, "addignoreip", "192.0.2.7");
    await setup.clock.advance(BELIEVED_MS);
    deepStrictEqual(await setup.failures(ban("192.0.2.7")), [
      `192.0.2.7: ignoreip of jail ${CLUSTER} forbids it`,
    ]);
  },
);

testWith(
  "fail2ban",
  "a fail2ban that is stopped, killed or started again is told apart, and keeps its bans",
  async () => {
    await using setup = await RealEnforcer.create();
    const { server } = setup;
    const targets = ["192.0.2.1", "2001:db8::/48"];
    await setup.apply(...bans(...targets));

    // In any order.
    const restored = async (times: number) => {
      for (const target of targets) {
        const message = `[${CLUSTER}] Restore Ban ${target}`;
        await server.waitForMessage(message, times);
      }
    };
    // An action of a fail2ban that was killed may hold its socket for a moment.
    const failsWith = async (message: RegExp) => {
      let said = "";
      await waitUntil(async () => {
        await rejects(setup.failures(ban("192.0.2.3")), (error) => {
          ok(error instanceof RuntimeError, `${error}`);
          said = error.message;
          return true;
        });
        return message.test(said);
      }, { what: () => `${message}, not ${said}` });
    };
    await server.stop();
    await failsWith(/fail2ban's socket \S+ is not there$/);
    await server.start();
    await restored(1);
    deepStrictEqual(await setup.listed(), targets);

    await server.stop("SIGKILL");
    await failsWith(/fail2ban's socket \S+ has nobody listening$/);
    await server.start();
    await restored(2);
    await setup.apply(...bans("192.0.2.3", ...targets));
    deepStrictEqual(await setup.listed(), [
      "192.0.2.1",
      "192.0.2.3",
      targets[1],
    ]);
  },
);

testWith(
  "fail2ban",
  "a fail2ban that is busy is told, and does what it was asked to",
  async () => {
    await using dir = await TempDir.create();
    const mayEnd = dir.path("may_end");
    const wait = `while [ ! -e ${mayEnd} ]; do sleep 0.05; done`;
    await using setup = await RealEnforcer.create({
      [CLUSTER]: { banaction: `note[actionban="${wait}"]` },
    });
    await setup.enforcer.check(SIGNAL);
    const applying = setup.apply(...bans("192.0.2.1", "192.0.2.2"));
    // Written before the action runs.
    await setup.server.waitForMessage(`[${CLUSTER}] Ban 192.0.2.1`);
    const others = Array.from(
      { length: 6 },
      () => new Fail2banSocket({ path: setup.server.socketPath }),
    );
    let refused = 0;
    const asking = others.map((other) => {
      const answer = other.command(["ping"], SIGNAL);
      answer.catch(() => refused++);
      return answer;
    });
    await waitUntil(() => refused > 0, { what: "a refusal" });
    await Deno.writeTextFile(mayEnd, "");
    const outcomes = await Promise.allSettled(asking);
    for (const other of others) await other[Symbol.asyncDispose]();
    await applying;
    const refusals = outcomes.flatMap((outcome) =>
      outcome.status === "rejected" ? [outcome.reason] : []
    );
    ok(
      refusals.length > 0 && refusals.length < others.length,
      `${refusals.length}`,
    );
    for (const refusal of refusals) {
      ok(refusal instanceof RuntimeError && refusal.hint !== undefined);
      ok(refusal.message.endsWith(" is busy with others"), refusal.message);
    }
    deepStrictEqual(await setup.listed(), ["192.0.2.1", "192.0.2.2"]);
  },
);

testWith(
  "fail2ban",
  "an action that fails is in fail2ban's log only, and read from it",
  async () => {
    await using setup = await RealEnforcer.create({
      [CLUSTER]: { banaction: 'note[actionban="false"]' },
    });
    await setup.apply(...bans("192.0.2.1", "2001:db8::1"));
    deepStrictEqual(await setup.listed(), ["192.0.2.1", "2001:db8::1"]);
    const log = await Deno.readFile(setup.server.logPath);
    const told = [...scanLines(log, "file")].map(describeEvent);
    strictEqual(
      told.filter((text) => text === `action_failed ban ${CLUSTER}`).length,
      2,
      told.join("\n"),
    );
  },
);

testWith(
  "fail2ban",
  "nothing hostile reaches fail2ban, whoever hands it over",
  async () => {
    await using setup = await RealEnforcer.create();
    const marker = "<F2B_END_COMMAND>";
    const code = `cos\nsystem\n(S'touch ${setup.dir.path("owned")}'\ntR.`;
    const hostile = [
      `192.0.2.1${marker}${code}${marker}`,
      "192.0.2.1\n2026-01-01 00:00:00,000 fail2ban.actions [1]: NOTICE  [sshd] Ban 192.0.2.250",
      "192.0.2.1'; touch owned; '",
      "$(touch owned)",
      "--all",
      "example.net",
      "0x7f.1",
    ];
    const logged = (await setup.server.messages()).length;
    for (const target of hostile) {
      const forged = { ...ban("192.0.2.1"), address: target as Address };
      await rejects(setup.enforcer.apply([forged], SIGNAL));
      await rejects(
        setup.socket.command(["set", CLUSTER, "unbanip", target], SIGNAL),
        RangeError,
      );
    }
    deepStrictEqual((await setup.server.messages()).slice(logged), []);
    await rejects(Deno.lstat(setup.dir.path("owned")), Deno.errors.NotFound);
    deepStrictEqual(await setup.listed(), []);
  },
);
