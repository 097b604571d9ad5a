import { ok, strictEqual } from "node:assert/strict";
import { QUICK_PACE } from "../../support/cluster/paces.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { appendLog } from "../../support/fail2ban/fail2ban_lines.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const EVENT = /no conversation with the publisher reason="/;

Deno.test("programs with nothing to say notice that their hub is gone, and say once which and why", async () => {
  await using cluster = await TestCluster.create({
    protocol: 2,
    pace: QUICK_PACE,
  });
  await cluster.addHost("hub");
  await cluster.addHost("web");
  await appendLog(cluster.logPath("web"), "");
  const publisher = await cluster.start("publisher", "hub");
  const roles = ["monitor", "subscriber"] as const;
  const members = await Promise.all(
    roles.map((role) => cluster.start(role, "web")),
  );
  const answers = () =>
    Promise.all(
      roles.map(async (role) =>
        (await cluster.peek(role, "web"))?.["publisherAnswers"]
      ),
    );
  const allAnswer = async (is: boolean) =>
    (await answers()).every((each) => each === is);
  await waitUntil(() => allAnswer(true), { what: "sessions" });
  await publisher.end("SIGKILL");
  await waitUntil(() => allAnswer(false), { what: "it to be noticed" });
  const url = cluster.controlUrl;
  for (const member of members) {
    const line = await member.waitForLine(EVENT);
    ok(
      line.includes(`"no answer from ${url}: connection refused`),
      line,
    );
  }
  await cluster.start("publisher", "hub");
  await waitUntil(() => allAnswer(true), { what: "other sessions" });
  for (const { stderr } of members) {
    strictEqual(stderr.filter((line) => EVENT.test(line)).length, 1);
  }
});
