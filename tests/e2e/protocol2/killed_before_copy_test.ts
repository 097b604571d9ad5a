import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { replicaPath } from "../../../lib/store/io/sqlite_replica_store.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { ExecEffects } from "../../support/enforce/exec_effects.ts";
import {
  appendLog,
  banLine,
  unbanLine,
} from "../../support/fail2ban/fail2ban_lines.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { hold } from "../../support/store/store_faults.ts";
import { copysBans, waitCopy } from "../../support/store/stored_tables.ts";

const [BEFORE, ACTED_ON, MEANWHILE] = [
  "203.0.113.1",
  "203.0.113.2",
  "203.0.113.3",
] as const;

Deno.test("a subscriber that is killed after it acted and before its copy is stored forgets nothing and repeats nothing", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  const effects = await ExecEffects.of(cluster, "host-b");
  await cluster.addHost("hub");
  await cluster.addHost("host-a", { monitor: { bantime: "1h" } });
  await cluster.addHost("host-b", effects.sections);
  const log = cluster.logPath("host-a");
  await appendLog(log, "");
  await cluster.start("publisher", "hub");
  const subscriber = await cluster.start("subscriber", "host-b");
  await cluster.start("monitor", "host-a");
  const inForce = async (count: number) =>
    await waitUntil(
      async () =>
        (await cluster.peek("subscriber", "host-b"))?.["exec.inForce"] ===
          count,
      { what: `${count} bans in force`, timeoutMs: 30_000, intervalMs: 20 },
    );
  await appendLog(log, banLine("sshd", BEFORE));
  await inForce(1);
  await waitCopy(cluster, "host-b", [BEFORE]);
  {
    using _held = hold(replicaPath(cluster.stateDir("host-b")));
    await appendLog(log, banLine("sshd", ACTED_ON));
    await inForce(2);
    await subscriber.end("SIGKILL");
  }
  deepStrictEqual(copysBans(cluster, "host-b"), [BEFORE]);
  deepStrictEqual(await effects.lines(), [`ban ${BEFORE}`, `ban ${ACTED_ON}`]);

  const news = unbanLine("sshd", BEFORE) + banLine("sshd", MEANWHILE);
  await appendLog(log, news);
  await waitUntil(
    async () => (await cluster.peek("publisher", "hub"))?.["seq"] === 4,
    { what: "the news at the publisher", timeoutMs: 30_000, intervalMs: 20 },
  );
  await cluster.start("subscriber", "host-b");
  await waitCopy(cluster, "host-b", [ACTED_ON, MEANWHILE]);
  const wanted = String([ACTED_ON, MEANWHILE]);
  const { repeated } = await waitUntil(async () => {
    const now = await effects.now();
    return String(now.inForce) === wanted && now;
  }, { what: "what is in force", timeoutMs: 30_000, intervalMs: 20 });
  await inForce(2);
  strictEqual(repeated, 0);
  deepStrictEqual(
    (await effects.lines()).slice(2).sort(),
    [`ban ${MEANWHILE}`, `unban ${BEFORE}`],
  );
});
