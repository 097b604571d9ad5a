import { ok, rejects, strictEqual } from "node:assert/strict";
import {
  memberListPath,
  SecretFile,
} from "../../../lib/members/io/secret_file.ts";
import { MEMBER_LIST_FORM } from "../../../lib/members/member_list_form.ts";
import {
  appendLog,
  banLine,
  testAddress,
} from "../../support/fail2ban/fail2ban_lines.ts";
import { SharedMembersCluster } from "../../support/engine/shared_members_cluster.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const ALLOWED = "203.0.113.0/24";
const BAN_ALLOWED = "ban 203.0.113.7";

testWith(
  "etcd",
  "a second publisher joins; members and allowlist are edited on the host of either, hold for the active one, and go on with the next, to which an operator hands over",
  async () => {
    await using shared = await SharedMembersCluster.create();
    const { cluster } = shared;
    await shared.init("hub1");
    // It is there before there is an engine's list: all have it.
    await shared.operate("node add first", "hub1");
    await shared.start("hub1");
    await shared.isActive("hub1");
    await shared.join("hub2", "hub1");
    await shared.start("hub2");
    await seen(shared, ["hub1", "hub2"], "first", true);

    await sharesSettings(shared, "hub2", "hub1");

    // The active one lets in whom the other's operator has added.
    await cluster.addHost("web1");
    await appendLog(cluster.logPath("web1"), "");
    const line = await shared.operate("node add web1", "hub2");
    await shared.operate(`join ${line.trim()}`, "web1");
    await cluster.start("monitor", "web1");
    await heardFrom(shared, "hub1", 1);
    await shared.operate(`allow add ${ALLOWED}`, "hub2");
    await seen(shared, ["hub1", "hub2"], ALLOWED, true);
    await refused(shared, "hub1");
    strictEqual(await audited(shared, "hub1"), 1);

    // The next one goes on with all of that.
    await shared.operate("publisher handover hub2", "hub1");
    await shared.isActive("hub2");
    await listed(shared, "hub1 +standby +2 +0 .*\n.*hub2 +active +2 +0 ");
    await heardFrom(shared, "hub2", 2);
    await refused(shared, "hub2");
    strictEqual(await audited(shared, "hub2"), 1);

    await hasSessions(shared, 1);

    // Whoever was away has what was edited meanwhile once it is back.
    const { code } = await shared.hub("hub1").end("SIGTERM");
    strictEqual(code, 0);
    await shared.operate("node revoke web1", "hub1");
    await seen(shared, ["hub2"], "web1", false);
    await hasSessions(shared, 0);
    await shared.start("hub1");
    await seen(shared, ["hub1"], "web1", false);
    await rejects(
      shared.operate("publisher remove hub2", "hub1"),
      /hub2 is still running/,
    );
    await shared.hub("hub2").end("SIGKILL");
    await shared.operate("publisher remove hub2", "hub1");
    await listed(shared, "^.*\nhub1 +active +3 +0 [^\n]+\n$");
  },
);

/** Waits until the copies on hosts have a member or a network, or have it no more. */
async function seen(
  { cluster }: SharedMembersCluster,
  hubs: readonly string[],
  what: string,
  isThere: boolean,
): Promise<void> {
  for (const hub of hubs) {
    const path = memberListPath(cluster.stateDir(hub));
    await waitUntil(async () => {
      const { members = [], allowed = [] } =
        await new SecretFile(path, MEMBER_LIST_FORM).read() ?? {};
      const names = [
        ...members.map(({ name }) => String(name)),
        ...allowed.map(({ network }) => String(network)),
      ];
      return names.includes(what) === isThere;
    }, { what: `the copy of ${hub} with ${what}`, timeoutMs: 10_000 });
  }
}

/** Waits until the next ban that the node's log tells is in the active one's table. */
async function heardFrom(
  { cluster }: SharedMembersCluster,
  hub: string,
  bans: number,
): Promise<void> {
  const line = banLine("sshd", testAddress(bans));
  await appendLog(cluster.logPath("web1"), line);
  await waitUntil(
    async () => (await cluster.peek("publisher", hub))?.["bans"] === bans,
    { what: `ban ${bans} at ${hub}`, timeoutMs: 20_000, intervalMs: 100 },
  );
}

/** Waits until so many programs of nodes are connected to the second publisher. */
async function hasSessions(
  { cluster }: SharedMembersCluster,
  sessions: number,
): Promise<void> {
  await waitUntil(
    async () =>
      (await cluster.peek("publisher", "hub2"))?.["sessions"] === sessions,
    { what: `${sessions} sessions at hub2`, timeoutMs: 20_000 },
  );
}

/** A check sees that the engine is good, and that a host's settings are those of another. */
async function sharesSettings(
  { cluster }: SharedMembersCluster,
  hub: string,
  other: string,
): Promise<void> {
  const check = async () => {
    await using child = cluster.spawn("publisher", hub, "check");
    await child.ended;
    return child.stderr.filter((line) => line.includes("engine: ")).join("\n");
  };
  strictEqual(await check(), "");
  const path = `${cluster.dir}/${hub}/fail2ban-cluster.local`;
  const before = await Deno.readTextFile(path);
  await Deno.writeTextFile(
    path,
    before.replace(
      "[publisher]",
      "[publisher]\nbantime = 3w",
    ),
  );
  const settings = `settings of [publisher] are others than those of ${other}`;
  ok((await check()).includes(settings));
  await Deno.writeTextFile(path, before);
}

/** Waits until nobody may ban what is allowed. */
async function refused(
  shared: SharedMembersCluster,
  hub: string,
): Promise<void> {
  await waitUntil(async () => {
    try {
      await shared.operate(BAN_ALLOWED, hub);
    } catch (error) {
      return String(error).includes("allowlist");
    }
    await shared.operate("unban 203.0.113.7", hub);
    return false;
  }, { what: `the allowlist of ${hub}`, timeoutMs: 20_000 });
}

/** How often the audit of a publisher has that web1 was added. */
async function audited(
  shared: SharedMembersCluster,
  hub: string,
): Promise<number> {
  const isOf = (line: string) => /node add +web1/.test(line);
  const audit = await waitUntil(async () => {
    const lines = (await shared.operate("audit", hub)).split("\n");
    return lines.some(isOf) ? lines : undefined;
  }, { what: `the audit of ${hub}`, timeoutMs: 20_000 });
  return audit.filter(isOf).length;
}

/** Waits until publishers are listed so. */
async function listed(
  shared: SharedMembersCluster,
  pattern: string,
): Promise<void> {
  await waitUntil(
    async () =>
      new RegExp(pattern).test(await shared.operate("publisher list", "hub1")),
    { what: `publishers as in ${pattern}`, timeoutMs: 30_000 },
  );
}
