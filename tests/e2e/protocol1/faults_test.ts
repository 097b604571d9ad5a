import { deepStrictEqual, ok } from "node:assert/strict";
import type { ChildProcess } from "../../support/host/child_process.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import { readUpTo } from "../../support/host/process_state.ts";
import { relayed } from "../../support/cluster/role_output.ts";
import { tally } from "../../support/bench/tally.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { burst, isOfBurst, startAll } from "../../support/cluster/bursts.ts";
import { timeStop } from "../../support/host/stop_time.ts";
import { publishersBans } from "../../support/store/stored_tables.ts";

Deno.test("every role ends within 2 s of SIGTERM at every stage, with exit code 0", async (t) => {
  await using cluster = await TestCluster.create();
  await cluster.addHost("host-a");
  const stages: [string, (child: ChildProcess) => Promise<unknown>][] = [
    ["as soon as it is ready", () => Promise.resolve()],
    [
      "while it works, or waits for a publisher that isn't there",
      () => appendLog(cluster.logPath("host-a"), burst(0, 500).text),
    ],
  ];
  await appendLog(cluster.logPath("host-a"), "");
  for (const role of ["monitor", "publisher", "subscriber"] as const) {
    for (const [stage, prepare] of stages) {
      await t.step(`${role}, ${stage}`, async () => {
        const child = await cluster.start(role, "host-a");
        await prepare(child);
        const { code, signal, tookMs, limitMs } = await timeStop(child);
        deepStrictEqual({ code, signal }, { code: 0, signal: null });
        ok(tookMs < limitMs, `${tookMs} ms, not ${limitMs}`);
      });
    }
  }
});

Deno.test("a publisher gone between request and reply is asked again", async () => {
  await using cluster = await TestCluster.create();
  const { log, publisher } = await startAll(cluster);
  publisher.signal("SIGSTOP");
  const { sent, text } = burst(0, 10);
  await appendLog(log, text);
  await publisher.end("SIGKILL");
  const again = await cluster.start("publisher", "hub");
  // One that was busy is asked twice, also about what was before.
  const inTheEnd = () => new Set(relayed(again).filter(isOfBurst));
  await waitUntil(() => inTheEnd().size >= sent.length, {
    what: "the whole burst",
    timeoutMs: 30_000,
  });
  deepStrictEqual([...inTheEnd()].toSorted(), sent.toSorted());
  // The log tells of a request before it is stored.
  await waitUntil(() => tally(sent, publishersBans(cluster)).lost === 0, {
    what: "every ban in the publisher's store",
  });
});

Deno.test("a line written in two pieces is one ban, and not of another address", async () => {
  await using cluster = await TestCluster.create();
  const { log, publisher, monitor } = await startAll(cluster);
  const line = banLine("sshd", "198.18.255.100");
  await appendLog(log, line.slice(0, -3));
  const { size } = await Deno.stat(log);
  await waitUntil(async () => await readUpTo(monitor.pid, log) === size, {
    what: "a monitor that has read the first piece",
  });
  await appendLog(log, line.slice(-3));
  await waitUntil(() => relayed(publisher).includes("198.18.255.100"), {
    what: "the whole ban",
  });
  ok(!relayed(publisher).includes("198.18.255.1"));
});

Deno.test("a byte of Latin-1 in the log blinds nobody", async () => {
  await using cluster = await TestCluster.create();
  const { log, publisher } = await startAll(cluster);
  await Deno.writeFile(
    log,
    new Uint8Array([0x46, 0xfc, 0x72, 0x0a, 0xff, 0x0a]),
    { append: true },
  );
  await appendLog(log, banLine("sshd", "198.18.3.3"));
  await waitUntil(() => relayed(publisher).includes("198.18.3.3"), {
    what: "the ban behind it",
  });
});
