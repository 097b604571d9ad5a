import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { memberListPath } from "../../../lib/members/io/secret_file.ts";
import { decodeJoinCode } from "../../../lib/members/join_code.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { join } from "../../support/cluster/test_members.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const BOTH = "203.0.113.1";
const ONLY_A = "203.0.113.2";

interface Said {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: string;
}

/** Runs the operator's command on the publisher's host. */
async function operator(
  cluster: TestCluster,
  ...words: string[]
): Promise<Said> {
  await using child = cluster.spawn("cluster", "hub", ...words);
  const { code } = await child.ended;
  const err = child.stderr.filter((line) =>
    line.startsWith("fail2ban-cluster")
  );
  return { code, out: child.stdout, err: err.join("\n") };
}

async function quota(cluster: TestCluster, count: number): Promise<void> {
  await waitUntil(
    async () =>
      (await cluster.peek("subscriber", "host-b"))?.["bans"] === count,
    { what: `${count} bans at host-b` },
  );
}

async function start(cluster: TestCluster): Promise<void> {
  for (const host of ["hub", "host-a", "host-b"]) await cluster.addHost(host);
  await cluster.start("publisher", "hub");
  await cluster.start("monitor", "host-a");
  await cluster.start("monitor", "host-b");
  await cluster.start("subscriber", "host-b");
}

Deno.test("what a node reported is taken back everywhere, what others reported too stands; the list shows how both are", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  await start(cluster);
  await appendLog(
    cluster.logPath("host-a"),
    banLine("sshd", BOTH) + banLine("sshd", ONLY_A),
  );
  await appendLog(cluster.logPath("host-b"), banLine("sshd", BOTH));
  await quota(cluster, 2);
  await waitUntil(
    async () => {
      const { out } = await operator(cluster, "node", "list");
      const list = out.join("\n");
      return /host-b +ok +\d+ s +\S+ +\d+ +1 +- +0 +0$/m.test(list) &&
        /host-a +ok +\d+ s +\S+ +- +2 +- +0 +0$/m.test(list);
    },
    { what: "the reports of both", timeoutMs: 10_000 },
  );

  const taken = await operator(cluster, "node", "withdraw", "host-a");
  strictEqual(taken.code, 0, taken.err);
  match(taken.err, /withdrew 2 reports of host-a/);
  await quota(cluster, 1);
  const again = await operator(
    cluster,
    "node",
    "withdraw",
    "host-a",
    "--since",
    "2h",
  );
  match(again.err, /host-a has no current report within that time/);

  const inOrder =
    /node withdraw +host-a +2 reports\n.*node withdraw +host-a +0 reports since/;
  await waitUntil(
    async () => inOrder.test((await operator(cluster, "audit")).out.join("\n")),
    { what: "both in the audit" },
  );
});

Deno.test("members that are added, rotated and revoked while the publisher runs are let in and out, and all of it is in the audit without a secret", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  await cluster.addHost("hub");
  await cluster.addHost("new-a");
  const publisher = await cluster.start("publisher", "hub");
  await operator(cluster, "node", "revoke", "new-a");
  const added = await operator(
    cluster,
    "node",
    "add",
    "new-a",
    "--jails",
    "sshd",
  );
  strictEqual(added.code, 0, added.err);
  const [, line = ""] = added.out[0]?.split(" ") ?? [];
  const code = decodeJoinCode(line);
  ok(code.ok);
  join(cluster.stateDir("new-a"), code.value);
  await cluster.start("monitor", "new-a");
  await appendLog(
    cluster.logPath("new-a"),
    banLine("sshd", ONLY_A) + banLine("postfix", BOTH),
  );
  await waitUntil(
    async () => {
      const { out } = await operator(cluster, "node", "show", "new-a");
      return /accepted +1\n.*\n +refused +1/.test(out.join("\n"));
    },
    { what: "one report taken, and one refused", timeoutMs: 10_000 },
  );
  await operator(cluster, "allow", "add", "192.0.2.0/24", "--note", "office");
  await operator(cluster, "node", "revoke", "new-a");
  await waitUntil(
    async () => {
      const { out } = await operator(cluster, "audit", "--json");
      return JSON.parse(out.join("\n")).length >= 4;
    },
    { what: "the journal in the audit", timeoutMs: 10_000 },
  );
  const { out } = await operator(cluster, "audit", "--json");
  const entries: readonly { by: string; action: string; subject: string }[] =
    JSON.parse(out.join("\n"));
  deepStrictEqual(
    entries.map(({ action, subject }) => `${action} ${subject}`),
    [
      "node revoke new-a",
      "node add new-a",
      "allow add 192.0.2.0/24",
      "node revoke new-a",
    ],
  );
  ok(entries.every(({ by }) => by !== ""));

  const { keys, token } = code.value;
  await publisher.end("SIGTERM");
  const state = cluster.stateDir("hub");
  const files = await Array.fromAsync(Deno.readDir(state));
  const texts = await Promise.all(
    files.filter(({ isFile }) => isFile)
      .map(({ name }) => Deno.readFile(`${state}/${name}`)),
  );
  const kept = [
    ...texts.map((bytes) => new TextDecoder("latin1").decode(bytes)),
    await Deno.readTextFile(memberListPath(state)),
    ...publisher.stdout,
    ...publisher.stderr,
  ].join("\n");
  ok(kept.includes("new-a"), "something is looked into");
  for (const secret of [keys.secretKey, token, line]) {
    ok(!kept.includes(secret), "no secret is kept or logged");
  }
});

Deno.test("without a publisher what needs one says so, and the list is shown", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  await cluster.addHost("hub");
  await cluster.addHost("host-a");
  cluster.members.serveFrom(cluster.stateDir("hub"));
  for (
    const words of [
      ["node", "withdraw", "host-a"],
      ["node", "release", "host-a"],
      ["audit"],
    ]
  ) {
    const { code, err } = await operator(cluster, ...words);
    strictEqual(code, 4);
    match(err, /error: the publisher does not run on this host\n.*hint: /);
  }
  const { code, out, err } = await operator(cluster, "node", "list");
  strictEqual(code, 0);
  match(out.join("\n"), /host-a/);
  match(err, /the publisher is not running here/);
});
