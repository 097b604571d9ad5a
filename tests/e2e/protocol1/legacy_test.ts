import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import type { ChildProcess } from "../../support/host/child_process.ts";
import { startPeer } from "../../support/cluster/python_peer.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

/** Has a pyzmq client make a request, and gives the reply. */
async function ask(req: ChildProcess, request: string): Promise<string> {
  const answered = req.stdout.length;
  await req.writeLine(request);
  return await waitUntil(() => req.stdout[answered], {
    what: `the reply to ${request}`,
  });
}

testWith(
  "pyzmq",
  "the original's clients have a token each, and report by it for their own hosts only",
  async () => {
    await using cluster = await TestCluster.create();
    const authtokens = `${cluster.dir}/tokens`;
    await Deno.writeTextFile(
      authtokens,
      "shop = token-of-the-shop web-1, web-2\nmail = token-of-the-mail mx-1\n",
      { mode: 0o600 },
    );
    await cluster.addHost("hub", { publisher: { authtokens } });
    await cluster.start("publisher", "hub");
    await using req = startPeer("req_client", cluster.replyUrl);
    const cases = [
      ["token-of-the-shop", "web-1", true],
      ["token-of-the-shop", "WEB-2", true],
      ["token-of-the-shop", "mx-1", false],
      ["token-of-the-mail", "mx-1", true],
      ["token-of-the-mail", "web-1", false],
      [cluster.token, "anybody", true],
    ] as const;
    for (const [token, host, isTaken] of cases) {
      const message = `${host}|sshd|Ban|203.0.113.1`;
      const reply = await ask(req, `${token}|${message}`);
      strictEqual(reply, isTaken ? message : "NAK", `${token} for ${host}`);
    }
  },
);

testWith(
  "pyzmq",
  "where legacy is readonly the original's clients hear what a node of protocol 2 reports, and may report nothing",
  async () => {
    await using cluster = await TestCluster.create({ protocol: 2 });
    await cluster.addHost("hub", { publisher: { legacy: "readonly" } });
    await cluster.addHost("web-1");
    await appendLog(cluster.logPath("web-1"), "");
    await cluster.start("publisher", "hub");
    await cluster.start("monitor", "web-1");
    await using sub = startPeer("sub_client", cluster.broadcastUrl);
    await using req = startPeer("req_client", cluster.replyUrl);
    await sub.waitForLine(/listening/);
    const report = `${cluster.token}|web-2|sshd|Ban|203.0.113.99`;
    strictEqual(await ask(req, report), "NAK");
    // A subscription takes a moment to arrive; nothing tells that it has.
    let number = 0;
    await waitUntil(async () => {
      const line = banLine("sshd", `203.0.113.${++number % 90}`);
      await appendLog(cluster.logPath("web-1"), line);
      return sub.stdout.some((line) => line.startsWith("web-1|sshd|Ban|"));
    }, { what: "a broadcast", intervalMs: 50 });
    strictEqual(await ask(req, report), "NAK");
    const heard = sub.stdout.filter((line) => line.startsWith("web-2"));
    deepStrictEqual(heard, []);
  },
);
