import { strictEqual } from "node:assert/strict";
import { OperatedCluster } from "../../support/cluster/operated_cluster.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";

const WAY = [
  ["monitor", "web1", "reported ban"],
  ["publisher", "hub", "accepted ban"],
  ["subscriber", "web2", "applied ban"],
] as const;

Deno.test("the number of its change follows a ban through the logs of three hosts, and tells it from the next of its address", async () => {
  await using operated = await OperatedCluster.start({
    hosts: ["web1", "web2"],
  });
  const log = operated.cluster.logPath("web1");
  await appendLog(log, banLine("sshd", "203.0.113.7"));
  await operated.until("bans", ({ out }) => out.includes("2/2"));
  await operated.say("unban", "203.0.113.7");
  // What was made before it was lifted would stay lifted.
  await appendLog(log, banLine("sshd", "203.0.113.7"));
  await operated.until("bans", ({ out }) => out.includes("2/2"));
  for (const change of [1, 3]) {
    for (const [role, host, what] of WAY) {
      const program = operated.program(role, host);
      const step = new RegExp(
        `NOTICE: (${what}) .*address=203\\.0\\.113\\.7.* change=${change}$`,
      );
      await program.waitForLine(step);
      strictEqual(program.found(step).length, 1);
    }
  }
  const enforcing = operated.program("subscriber", "web2");
  await enforcing.waitForLine(/lifted ban .* change=1$/);
});
