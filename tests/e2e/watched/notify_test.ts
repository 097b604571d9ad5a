import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { OperatedCluster } from "../../support/cluster/operated_cluster.ts";
import { appendLog } from "../../support/fail2ban/fail2ban_lines.ts";
import { ToldServer } from "../../support/host/told_server.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const SECRET = "5f2c9d31337abc";

Deno.test("each program tells its webhook that it began, a fault and that it is over, and shows the URL nowhere", async () => {
  await using server = new ToldServer();
  const general = { webhookurl: server.url(`/hook/${SECRET}`) };
  await using operated = await OperatedCluster.start({
    hosts: ["web1"],
    general,
  });
  const { cluster } = operated;
  const told = (event: string) =>
    server.events.filter((it) => it["event"] === event);
  await waitUntil(() => told("started").length === 3, {
    what: "each program's start",
  });
  const programs = told("started").map(({ program }) => `${program}`);
  deepStrictEqual(programs.toSorted(), [
    "fail2ban-monitor",
    "fail2ban-publisher",
    "fail2ban-subscriber",
  ]);
  const line = "NOTICE of another form: [sshd] Ban 203.0.113.7\n";
  await appendLog(cluster.logPath("web1"), line);
  await operated.say("ban", "203.0.113.9");
  await waitUntil(
    () => told("fault").length === 1 && told("operator").length === 1,
    { what: "a fault, and an operator's doing" },
  );
  strictEqual(told("fault")[0]?.["fault"], "log-not-understood");
  strictEqual(told("operator")[0]?.["words"], "ban");
  const sent = server.requests.map(({ body }) => body).join("\n");
  ok(!sent.includes("203.0.113"), sent);
  const figures = await cluster.figures("monitor", "web1");
  ok(!JSON.stringify(figures).includes(SECRET));
  strictEqual(figures["webhook.lost"], 0);
});
