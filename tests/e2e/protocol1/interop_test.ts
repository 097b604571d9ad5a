import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import {
  appendLog,
  banLine,
  unbanLine,
} from "../../support/fail2ban/fail2ban_lines.ts";
import { startPeer } from "../../support/cluster/python_peer.ts";
import { heard, withoutResends } from "../../support/cluster/role_output.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

testWith(
  "pyzmq",
  "the publisher serves pyzmq clients that make the original's calls",
  async () => {
    await using cluster = await TestCluster.create();
    await cluster.addHost("hub");
    await cluster.start("publisher", "hub");
    await using sub = startPeer("sub_client", cluster.broadcastUrl);
    await sub.waitForLine(/listening/);
    await using req = startPeer("req_client", cluster.replyUrl);
    const ask = async (request: string) => {
      const answered = req.stdout.length;
      await req.writeLine(request);
      return await waitUntil(() => req.stdout[answered], {
        what: `the reply to ${request}`,
      });
    };

    // A subscription takes a moment to arrive; nothing tells that it has.
    await waitUntil(async () => {
      await ask(`${cluster.token}|host-a|sshd|Ban|203.0.113.99`);
      return sub.stdout.includes("host-a|sshd|Ban|203.0.113.99");
    }, { what: "the subscription", intervalMs: 50 });
    // Those that were asked for until then may still be on their way.
    const broadcasts = () =>
      sub.stdout.slice(1).filter((line) => !line.endsWith("|203.0.113.99"));

    strictEqual(
      await ask(`${cluster.token}|host-a|sshd|Ban|203.0.113.1`),
      "host-a|sshd|Ban|203.0.113.1",
    );
    strictEqual(
      await ask(`${cluster.token}|host-a|sshd|uNBAN|2001:db8::1`),
      "host-a|sshd|uNBAN|2001:db8::1",
    );
    strictEqual(await ask("host-a|sshd|Ban|203.0.113.2"), "NAK");
    strictEqual(await ask(`wrong|host-a|sshd|Ban|203.0.113.2`), "NAK");
    strictEqual(await ask(`${cluster.token}|h|j|Ban`), "NAK");
    strictEqual(await ask(""), "NAK");
    await waitUntil(() => broadcasts().length >= 2, {
      what: "both broadcasts",
    });
    deepStrictEqual(broadcasts(), [
      "host-a|sshd|Ban|203.0.113.1",
      "host-a|sshd|Unban|2001:db8::1",
    ]);
  },
);

testWith(
  "pyzmq",
  "the monitor reports to a pyzmq REP server that strips the token",
  async () => {
    await using cluster = await TestCluster.create();
    await cluster.addHost("host-a");
    await appendLog(cluster.logPath("host-a"), "");
    await using rep = startPeer("rep_server", cluster.replyUrl, cluster.token);
    await rep.waitForLine(/listening/);
    const monitor = await cluster.start("monitor", "host-a");
    const expected = [];
    for (let index = 1; index <= 50; index++) {
      await appendLog(
        cluster.logPath("host-a"),
        banLine("sshd", `203.0.113.${index}`),
      );
      expected.push(`host-a|sshd|Ban|203.0.113.${index}`);
    }
    await appendLog(
      cluster.logPath("host-a"),
      unbanLine("sshd", "203.0.113.7"),
    );
    expected.push("host-a|sshd|Unban|203.0.113.7");
    const requests = () => withoutResends(rep.stdout.slice(1));
    await waitUntil(() => requests().length >= expected.length, {
      what: "all requests",
    });
    deepStrictEqual(requests(), expected);
    strictEqual((await monitor.end()).code, 0);
  },
);

testWith(
  "pyzmq",
  "the monitor logs a NAK with the event and does not repeat it",
  async () => {
    await using cluster = await TestCluster.create();
    await cluster.addHost("host-a");
    await appendLog(cluster.logPath("host-a"), "");
    await using rep = startPeer("rep_server", cluster.replyUrl, "other-token");
    await rep.waitForLine(/listening/);
    const monitor = await cluster.start("monitor", "host-a");
    await appendLog(cluster.logPath("host-a"), banLine("sshd", "203.0.113.1"));
    const line = await monitor.waitForLine(/refused by the publisher/);
    match(line, /action=ban jail=sshd address=203\.0\.113\.1$/);
    await appendLog(cluster.logPath("host-a"), banLine("sshd", "203.0.113.2"));
    await monitor.waitForLine(/refused by the publisher.*203\.0\.113\.2/);
    await waitUntil(() => rep.stdout.length >= 3, { what: "both answers" });
    deepStrictEqual(rep.stdout, ["listening", "NAK", "NAK"]);
  },
);

testWith("pyzmq", "the subscriber hears a pyzmq PUB server", async () => {
  await using cluster = await TestCluster.create();
  await cluster.addHost("host-b");
  await using pub = startPeer("pub_server", cluster.broadcastUrl);
  await pub.waitForLine(/listening/);
  const subscriber = await cluster.start("subscriber", "host-b");
  await waitUntil(async () => {
    await pub.writeLine("host-a|sshd|Ban|203.0.113.99");
    return heard(subscriber).length > 0;
  }, { what: "the subscription", intervalMs: 50 });
  await pub.writeLine("host-b|sshd|Ban|203.0.113.1");
  await pub.writeLine("host-a|sshd|Ban|1.2.3.4 ; reboot");
  await pub.writeLine("host-a|sshd|Ban|127.0.0.1");
  await pub.writeLine("");
  await pub.writeLine("host-a|sshd|Ban|2001:db8::1");
  await pub.writeLine("host-a|sshd|Unban|2001:db8::1");
  await subscriber.waitForLine(/\|Unban\|2001:db8::1$/);
  deepStrictEqual([...new Set(heard(subscriber))], [
    "host-a|sshd|Ban|203.0.113.99",
    "host-a|sshd|Ban|2001:db8::1",
    "host-a|sshd|Unban|2001:db8::1",
  ]);
  strictEqual((await subscriber.end()).code, 0);
});
