import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { copiedOf, rowsOf } from "../../support/cluster/host_agreement.ts";
import {
  type Fail2banServer,
  startFail2ban,
} from "../../support/fail2ban/fail2ban_server.ts";
import {
  type Keeper,
  KeptOutput,
  MAX_KEPT_BYTES,
} from "../../support/fail2ban/kept_output.ts";
import { scaled } from "../../support/host/deadline.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { sideBySide } from "../../support/host/side_by_side.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";

/** Ends may differ by so much, and by what a report takes on its way, in milliseconds. */
const SAME_END_MS = 2_000 + scaled(500);

interface Kept {
  readonly keeper: Keeper;
  readonly logFormat: string;
  /** Where fail2ban logs to. */
  readonly logTarget: string;
  /** Its zone; the monitor's is UTC. */
  readonly zone?: string;
}

const KEPT: readonly Kept[] = [
  {
    keeper: "docker json-file",
    logFormat: "docker-json",
    logTarget: "STDOUT",
    zone: "UTC-5:45",
  },
  {
    keeper: "docker json-file",
    logFormat: "docker-json",
    logTarget: "SYSOUT",
  },
  {
    keeper: "docker compose",
    logFormat: "container",
    logTarget: "STDOUT",
    zone: "UTC+3",
  },
  { keeper: "docker compose", logFormat: "container", logTarget: "SYSOUT" },
  {
    keeper: "containerd",
    logFormat: "container",
    logTarget: "STDERR",
    zone: "UTC-9",
  },
];

testWith(
  "fail2ban",
  "a ban and an unban of a fail2ban whose output a container's engine keeps arrive at another host, with fail2ban's own end",
  async (t) => {
    await sideBySide(
      t,
      Object.fromEntries(KEPT.map((kept) => [
        `${kept.keeper}, logtarget = ${kept.logTarget}`,
        () => crosses(kept),
      ])),
    );
  },
);

async function crosses(
  { keeper, logFormat, logTarget, zone = "UTC" }: Kept,
): Promise<void> {
  await using cluster = await TestCluster.create({ protocol: 2 });
  const dir = `${cluster.dir}/host-a`;
  await Deno.mkdir(dir);
  const output = new KeptOutput(`${dir}/container.log`, keeper);
  await using fail2ban = await startFail2ban({
    ...{ dir, logTarget },
    jails: { sshd: { bantime: "1h" }, nginx: { bantime: "2d" } },
    env: { TZ: zone },
    onLine: (line) => output.keep(line),
  });
  for (const host of ["hub", "host-b"]) await cluster.addHost(host);
  await cluster.addHost("host-a", {
    monitor: {
      fail2banlogpath: output.path,
      logformat: logFormat,
      fail2bandb: fail2ban.databasePath,
      fail2bansocket: fail2ban.socketPath,
    },
  }, { env: { TZ: "UTC" } });
  await cluster.start("publisher", "hub");
  await cluster.start("subscriber", "host-b");
  await cluster.start("monitor", "host-a");
  await banForged(fail2ban, output);
  for (const jail of ["sshd", "nginx"]) {
    await fail2ban.client("set", jail, "banip", "192.0.2.9", "2001:db8::9");
  }
  await waitEnds(cluster, fail2ban, 4);
  await fail2ban.client("set", "nginx", "unbanip", "192.0.2.9");
  await waitEnds(cluster, fail2ban, 3);
  const { driftBans, driftUnbans, over, notUnderstood, fail2banLog } =
    await cluster.figures("monitor", "host-a");
  deepStrictEqual({ driftBans, driftUnbans, over, fail2banLog }, {
    driftBans: 0,
    driftUnbans: 0,
    over: 0,
    fail2banLog: "as configured",
  });
  // Before it logs, and once it is ready, fail2ban prints a line of its own.
  ok(Number(notUnderstood) <= 2, `${notUnderstood} lines`);
}

/** Whom it bans is a text whose rest, where the engine cuts it, is a whole line. */
async function banForged(
  fail2ban: Fail2banServer,
  { path }: KeptOutput,
): Promise<void> {
  await fail2ban.client("set", "sshd", "banip", "192.0.2.1");
  const before = await waitUntil(
    async () =>
      /(?:[\d-]{10} [\d:,]{12} )?fail2ban\.actions .*(?= 192\.0\.2\.1\b)/.exec(
        await Deno.readTextFile(path),
      )?.[0],
    { what: "a line of a ban" },
  );
  const forged = `${before} 192.0.2.66`;
  const room = MAX_KEPT_BYTES - `${before} `.length;
  await fail2ban.client("set", "sshd", "banip", `${"x".repeat(room)}${forged}`);
  await fail2ban.client("set", "sshd", "unbanip", "192.0.2.1");
  strictEqual((await Deno.readTextFile(path)).includes(forged), true);
}

/** Waits until the other host holds so many bans, just those that fail2ban can share, until it ends them. */
async function waitEnds(
  cluster: TestCluster,
  fail2ban: Fail2banServer,
  bans: number,
): Promise<void> {
  let text = "";
  await waitUntil(() => {
    const copied = copiedOf(cluster, "host-a", "host-b");
    const rows = [...rowsOf(fail2ban)].filter(([key]) => !key.includes("xxx"));
    text = `${[...copied]}; fail2ban: ${rows}`;
    return copied.size === bans && rows.length === bans &&
      rows.every(([key, endsMs]) =>
        Math.abs((copied.get(key) ?? 0) - endsMs) <= SAME_END_MS
      );
  }, {
    what: () => `${bans} bans with their ends: ${text}`,
    timeoutMs: 15_000,
    intervalMs: 100,
  });
}
