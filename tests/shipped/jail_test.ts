import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { Fail2banEnforcer } from "../../lib/enforce/fail2ban_enforcer.ts";
import { Fail2banSocket } from "../../lib/fail2ban/io/fail2ban_socket.ts";
import { SystemClock } from "../../lib/async/io/system_clock.ts";
import { SteadyClock } from "../../lib/async/steady_clock.ts";
import { CLUSTER_JAIL } from "../../lib/base/jail_name.ts";
import { bans } from "../support/enforce/enforcer_setup.ts";
import { output, startFail2ban } from "../support/fail2ban/fail2ban_server.ts";
import { testWith } from "../support/host/real_parts.ts";
import { TempDir } from "../support/host/temp_dir.ts";

const SHIPPED = decodeURIComponent(
  new URL("../../fail2ban/", import.meta.url).pathname,
);
/** What the package of the host's system ships. */
const STOCK = "/etc/fail2ban";
const SIGNAL = new AbortController().signal;

/** The shipped variants of the jail: file, and what else they need. */
const VARIANTS: readonly (readonly [string, readonly string[]])[] = [
  ["jail.d/fail2bancluster.conf", []],
  ["jail.d/fail2bancluster-log.conf.example", [
    "filter.d/fail2bancluster.conf",
  ]],
];

/** fail2ban's stock configuration, no jail on but ours and those that `local` turns on. */
async function stockConfig(
  dir: TempDir,
  [jail, others]: typeof VARIANTS[number],
  local: string,
): Promise<string> {
  const etc = dir.path("etc");
  await output("cp", "-r", STOCK, etc);
  await Deno.copyFile(
    `${SHIPPED}${jail}`,
    `${etc}/jail.d/fail2bancluster.conf`,
  );
  for (const path of others) {
    await Deno.copyFile(`${SHIPPED}${path}`, `${etc}/${path}`);
  }
  const off = "[sshd]\nenabled = false\n";
  await Deno.writeTextFile(`${etc}/jail.local`, `${off}${local}`);
  return etc;
}

/** What fail2ban-client would tell the server. */
async function commands(etc: string): Promise<string[]> {
  const text = await output("fail2ban-client", "-c", etc, "-d");
  return text.split("\n").filter((line) => line.startsWith("["));
}

testWith(
  "fail2ban",
  "the shipped jail, in the stock configuration, reads nothing and bans on all ports",
  async () => {
    await using dir = await TempDir.create();
    const [shipped] = VARIANTS;
    ok(shipped);
    const told = await commands(await stockConfig(dir, shipped, ""));
    // A log that nobody writes to: fail2ban starts no jail without one.
    const log = "['set', 'fail2bancluster', 'addlogpath', '/dev/null', 'head']";
    ok(told.includes(log), told.join("\n"));
    const ours = told.filter((line) =>
      line.includes("'fail2bancluster'") && line !== log
    ).join("\n");
    ok(ours.startsWith("['add', 'fail2bancluster', 'polling']"), ours);
    ok(!/addlogpath|addjournalmatch|addfailregex/.test(ours), ours);
    ok(ours.includes("['set', 'fail2bancluster', 'bantime', '1d']"), ours);
    ok(/'addaction', '(?:ip|nf)tables/.test(ours), ours);
    ok(ours.includes("allports"), ours);
  },
);

testWith(
  "fail2ban",
  "the shipped jail takes bans through the socket, honours its ignoreip, and holds them over a restart",
  async () => {
    await using dir = await TempDir.create();
    await using server = await startFail2ban({
      dir: dir.path(),
      jails: { sshd: {} },
      dedicatedJail: { ignoreip: "192.0.2.99" },
    });
    await using client = new Fail2banSocket({ path: server.socketPath });
    const clock = new SystemClock();
    const enforcer = new Fail2banEnforcer({
      client,
      clock: new SteadyClock(clock),
      jails: [CLUSTER_JAIL],
    });
    const targets = ["192.0.2.1", "2001:db8::1", "198.51.100.0/24"];
    const failures = await enforcer.apply(
      bans(...targets, "192.0.2.99"),
      SIGNAL,
    );
    deepStrictEqual(failures.map(({ ban }) => ban.address), ["192.0.2.99"]);
    deepStrictEqual(
      await server.acted(),
      targets.map((target) => `ban ${CLUSTER_JAIL} ${target}`),
    );
    await server.stop();
    await server.start();
    for (const target of targets) {
      await server.waitForMessage(`[${CLUSTER_JAIL}] Restore Ban ${target}`);
    }
    const listed = await enforcer.list(SIGNAL);
    deepStrictEqual(
      listed.map(({ address }) => address).sort(),
      targets.toSorted(),
    );
    for (const { expiresMs = NaN } of listed) {
      const hours = (expiresMs - clock.nowMs()) / 3_600_000;
      ok(hours > 23.9 && hours <= 24, `${hours} h`);
    }
    await server.client("reload", "--restart", "--unban", CLUSTER_JAIL);
    deepStrictEqual(await enforcer.list(SIGNAL), []);
  },
);

/** What fail2ban logs of bans, and whom the stock recidive jail takes for an offender. */
const RECIDIVE_LOG = `
2026-11-24 04:58:38,549 fail2ban.actions        [6665]: NOTICE  [sshd] Ban 192.0.2.1
2026-11-24 04:58:38,549 fail2ban.actions        [6665]: NOTICE  [fail2bancluster] Ban 192.0.2.2
2026-11-24 04:58:38,549 fail2ban.actions        [6665]: NOTICE  [recidive] Ban 192.0.2.3
2026-11-24 04:58:38,549 fail2ban.actions        [6665]: NOTICE  [fail2bancluster2] Ban 192.0.2.4
2026-11-24 04:58:38,549 fail2ban.actions        [6665]: NOTICE  [fail2bancluster] Ban 2001:db8::1
2026-11-24 04:58:38,549 fail2ban.actions        [6665]: NOTICE  [nginx] Ban 2001:db8::2
`.trimStart();

for (const variant of VARIANTS) {
  const [name] = variant;
  testWith(
    "fail2ban",
    `the stock recidive jail does not count what the cluster banned: ${name}`,
    async () => {
      await using dir = await TempDir.create();
      const log = await dir.write("fail2ban.log", RECIDIVE_LOG);
      const etc = await stockConfig(
        dir,
        variant,
        `[recidive]\nenabled = true\nlogpath = ${log}\n` +
          `[fail2bancluster]\nlogpath = ${log}\n`,
      );
      // What the host's operator ignores stays ignored.
      await dir.write(
        "etc/filter.d/recidive.local",
        "[Definition]\nignoreregex = \\[nginx\\]\n",
      );
      const told = await commands(etc);
      const regexOf = (kind: string) => {
        const line = told.find((text) =>
          text.startsWith(`['set', 'recidive', 'add${kind}'`)
        );
        ok(line, told.join("\n"));
        return JSON.parse(line.replaceAll("'", '"'))[3] as string;
      };
      const counted = (...regexes: string[]) =>
        output("fail2ban-regex", "-o", "<ip>", log, ...regexes);
      strictEqual(
        await counted(regexOf("failregex"), regexOf("ignoreregex")),
        "192.0.2.1\n192.0.2.4",
      );
      const stock = await counted(`${STOCK}/filter.d/recidive.conf`);
      ok(stock.includes("192.0.2.2") && stock.includes("2001:db8::1"), stock);
    },
  );

  testWith(
    "fail2ban",
    `a host whose recidive jail is off has none because of ours: ${name}`,
    async () => {
      await using dir = await TempDir.create();
      const log = await dir.write("any.log", "");
      const etc = await stockConfig(
        dir,
        variant,
        `[fail2bancluster]\nlogpath = ${log}\n`,
      );
      const told = (await commands(etc)).join("\n");
      ok(!told.includes("'recidive'"), told);
      // Not even where fail2ban knows no such filter.
      await Deno.remove(`${etc}/filter.d/recidive.conf`);
      strictEqual((await commands(etc)).join("\n"), told);
    },
  );
}

testWith(
  "fail2ban",
  "of the two variants only the one for the socket is read where it is shipped",
  async () => {
    await using dir = await TempDir.create();
    const [shipped] = VARIANTS;
    ok(shipped);
    const etc = await stockConfig(dir, shipped, "");
    const before = await commands(etc);
    const example = "jail.d/fail2bancluster-log.conf.example";
    await Deno.copyFile(`${SHIPPED}${example}`, `${etc}/${example}`);
    deepStrictEqual(await commands(etc), before);
    await rejects(Deno.lstat(`${SHIPPED}jail.d/fail2bancluster-log.conf`));
  },
);
