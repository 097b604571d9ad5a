import { appendLog, bansOf } from "../../support/fail2ban/fail2ban_lines.ts";
import { SeededRandom } from "../../support/values/seeded_random.ts";
import { heard } from "../../support/cluster/role_output.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { TcpProxy } from "../../support/host/tcp_proxy.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

/** There and back it is twice this: more than a geostationary satellite's. */
const ONE_WAY_MS = 400;

Deno.test("a node whose line takes 800 ms there and back gets a session and the stream, and shares bans", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  const random = new SeededRandom(1);
  await using control = new TcpProxy(cluster.controlUrl, random);
  await using stream = new TcpProxy(cluster.streamUrl, random);
  control.manner = stream.manner = { pauseMs: ONE_WAY_MS };
  await cluster.addHost("hub");
  await cluster.addHost("host-a", { monitor: { controlserver: control.url } });
  await cluster.addHost("host-b", {
    subscriber: { controlserver: control.url, streamserver: stream.url },
  });
  await appendLog(cluster.logPath("host-a"), "");
  await cluster.start("publisher", "hub");
  const subscriber = await cluster.start("subscriber", "host-b");
  await cluster.start("monitor", "host-a");
  await waitUntil(
    async () =>
      (await cluster.peek("subscriber", "host-b"))?.["following"] === true,
    { what: "a copy that follows", timeoutMs: 60_000, intervalMs: 100 },
  );
  await appendLog(cluster.logPath("host-a"), bansOf(0, 1).text);
  await waitUntil(() => heard(subscriber).length === 1, {
    what: "the ban",
    timeoutMs: 60_000,
    intervalMs: 100,
  });
});
