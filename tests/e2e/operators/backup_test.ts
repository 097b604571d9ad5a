import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { OperatedCluster } from "../../support/cluster/operated_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { Program } from "../../support/enforce/exec_program.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import { publishersBans, waitCopy } from "../../support/store/stored_tables.ts";

/** Addresses, from one number on. */
function addresses(from: number, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `198.51.100.${from + at}`);
}

/** Whom the program of an action was told to unban. */
async function lifts(program: Program): Promise<readonly string[]> {
  const calls = await program.lines("calls");
  return calls.filter((call) => call.startsWith("unban "))
    .map((call) => call.slice("unban ".length));
}

async function ban(
  { cluster }: OperatedCluster,
  banned: readonly string[],
): Promise<void> {
  const lines = banned.map((address) => banLine("sshd", address));
  await appendLog(cluster.logPath("web1"), lines.join(""));
}

Deno.test("a hub whose disk is lost comes back from a backup and a subscriber's copy, and no host lifts a ban", async () => {
  await using program = await Program.write([`echo "$1 $2" >> "$dir/calls"`]);
  await using operated = await OperatedCluster.start({
    hosts: ["web1", "web2"],
    settings: { web2: { subscriber: { execprogram: program.path } } },
  });
  const { cluster } = operated;
  const [first, later] = [addresses(1, 20), addresses(50, 10)];
  const backup = `${cluster.dir}/backup`;
  await ban(operated, first);
  await waitCopy(cluster, "web2", first);

  const backedUp = await operated.say("backup", backup);
  strictEqual(backedUp.code, 0, backedUp.err);
  match(
    backedUp.err,
    /backed up to \S+: 20 bans \(change \d+\), the publisher's keys, 3 members, an allowlist of 0$/m,
  );
  match((await operated.say("status")).out, /store ok {3}backup \d+ s old$/m);
  match((await operated.say("backup", backup)).err, /is there already$/m);
  await ban(operated, later);
  await waitCopy(cluster, "web2", [...first, ...later]);
  match(
    (await operated.say("restore", backup)).err,
    /the publisher runs.*\n.*systemctl stop/,
  );

  await operated.stop("publisher", "hub", "SIGKILL");
  const state = cluster.stateDir("hub");
  await Deno.remove(state, { recursive: true });
  const copy = `${cluster.stateDir("web2")}/replica.sqlite3`;
  for (
    const [words, missing] of [
      [[`${backup}-2`], `${backup}-2`],
      [["--from", `${copy}-2`], `${copy}-2`],
    ] as const
  ) {
    const { code, err } = await operated.say("restore", ...words);
    strictEqual(code, 4);
    ok(err.includes(`error: there is no ${missing}\n`), err);
  }
  const restored = await operated.say("restore", backup, "--from", copy);
  strictEqual(restored.code, 0, restored.err);
  match(restored.err, /restored 30 bans \(change \d+\), the publisher's keys/);
  deepStrictEqual(publishersBans(cluster), [...first, ...later].sort());

  const second = await cluster.start("publisher", "hub");
  // What was noted of it went with the disk.
  match((await operated.say("status")).out, /store ok {3}no backup$/m);
  const last = addresses(80, 1);
  await ban(operated, last);
  await waitCopy(cluster, "web2", [...first, ...later, ...last]);

  deepStrictEqual(await lifts(program), []);
  // Nobody's copy says who has it in force: the hosts do.
  await operated.until(
    "bans --not-enforced",
    ({ out }) => out === "no bans",
  );

  // A backup is older than what was reported since: monitors report that again.
  await second.end("SIGKILL");
  const again = `${cluster.dir}/again`;
  strictEqual((await operated.say("backup", again)).code, 0);
  strictEqual((await operated.say("restore", backup)).code, 0);
  deepStrictEqual(publishersBans(cluster), [...first].sort());
  await cluster.start("publisher", "hub");
  match((await operated.say("status")).out, /store ok {3}backup \d+ s old$/m);
  await waitUntil(
    () => publishersBans(cluster).length === 31,
    { what: "what was reported since the backup", timeoutMs: 30_000 },
  );
  await waitCopy(cluster, "web2", [...first, ...later, ...last]);
  await operated.until("nodes", ({ out }) => /web1 +ok/.test(out));
  const lifted = await lifts(program);
  deepStrictEqual(lifted.filter((each) => first.includes(each)), []);
});
