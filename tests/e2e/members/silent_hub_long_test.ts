import { match, ok, strictEqual } from "node:assert/strict";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import {
  type Sections,
  TestCluster,
} from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const EVENT =
  /no conversation with the publisher reason="([^"]*)" hint="([^"]*)"/;

/** What a member's program says of a publisher that it does not reach, and what its status does. */
async function saidBy(
  cluster: TestCluster,
  role: "monitor" | "subscriber",
  settings?: Sections,
): Promise<{ reason: string; hint: string }> {
  const host = `silent-${role}`;
  if (settings !== undefined) await cluster.addHost(host, settings);
  await appendLog(cluster.logPath(host), "");
  await using child = cluster.spawn(role, host, "run");
  await child.waitForLine(/INFO: ready/);
  const line = await child.waitForLine(EVENT);
  const figures = await cluster.peek(role, host);
  strictEqual(figures?.["publisherAnswers"], false);
  const [, reason = "", hint = ""] = EVENT.exec(line) ?? [];
  return { reason, hint };
}

function urls(url: string): Sections {
  return {
    monitor: { controlserver: url },
    subscriber: { controlserver: url },
  };
}

for (const role of ["monitor", "subscriber"] as const) {
  Deno.test(`a ${role} says which hub does not answer, and why: down, or a name without address`, async () => {
    await using cluster = await TestCluster.create({ protocol: 2 });
    const down = await saidBy(cluster, role, {});
    strictEqual(
      down.reason,
      `no answer from ${cluster.controlUrl}: connection refused, nothing listens there`,
    );
    match(down.hint, /^fail2ban-publisher status, on its host/);
    const nobody = "tcp://hub.invalid:5681";
    const lost = await saidBy(cluster, role, urls(nobody));
    match(
      lost.reason,
      /^no answer from tcp:\/\/hub\.invalid:5681: its host's name can't be looked up \([A-Z_]+\)$/,
    );
    ok(
      lost.hint.startsWith(
        `the join code said ${cluster.controlUrl}, controlserver is set to another; `,
      ),
    );
  });

  Deno.test(`a ${role} says which hub does not answer, and why: a wrong port, swapped ports, another's service`, async () => {
    await using cluster = await TestCluster.create({ protocol: 2 });
    await cluster.addHost("hub", { publisher: { legacy: "on" } });
    await cluster.start("publisher", "hub");
    const plain = await saidBy(cluster, role, urls(cluster.replyUrl));
    match(plain.reason, /: what listens there is not encrypted, as protocol 1/);
    const swapped = await saidBy(cluster, role, urls(cluster.streamUrl));
    match(swapped.reason, /: no handshake: .* or its stream$/);
    match(swapped.hint, /^the join code said tcp:.*, controlserver is set to /);
    using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const serving = (async () => {
      for await (const connection of listener) {
        await connection.write(new TextEncoder().encode("SSH-2.0-x\r\n"));
        connection.close();
      }
    })();
    const { port } = listener.addr;
    const strange = await saidBy(
      cluster,
      role,
      urls(`tcp://127.0.0.1:${port}`),
    );
    match(strange.reason, /: what listens there is no publisher$/);
    listener.close();
    await serving;
  });

  Deno.test(`a ${role} that is no member any more says so, and the hub's log has its name`, async () => {
    await using cluster = await TestCluster.create({ protocol: 2 });
    await cluster.addHost("hub");
    const host = `silent-${role}`;
    await cluster.addHost(host);
    const publisher = await cluster.start("publisher", "hub");
    cluster.members.revoke(host);
    await publisher.waitForLine(/members read again .*expelled=/);
    const { reason, hint } = await saidBy(cluster, role);
    strictEqual(
      reason,
      `no answer from ${cluster.controlUrl}: no handshake: this node's key is no member's there ` +
        "(revoked, or rotated), or it is another publisher or its stream",
    );
    match(hint, new RegExp(`node rotate ${host} prints a code`));
    await waitUntil(
      () =>
        publisher.stderr.some((line) =>
          line.includes("connection refused: not a member") &&
          line.includes(`node="${host} (its key was revoked or rotated)"`)
        ),
      { what: "the member's name in the hub's log" },
    );
  });
}

Deno.test("a monitor whose hub went away says so, and goes on once it is back", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  await cluster.addHost("hub");
  await cluster.addHost("web");
  const publisher = await cluster.start("publisher", "hub");
  await appendLog(cluster.logPath("web"), "");
  const monitor = await cluster.start("monitor", "web");
  const answers = async () =>
    (await cluster.peek("monitor", "web"))?.["publisherAnswers"];
  await waitUntil(async () => await answers() === true, { what: "a session" });
  await publisher.end();
  await appendLog(cluster.logPath("web"), banLine("sshd", "203.0.113.9"));
  const line = await monitor.waitForLine(EVENT);
  match(line, /connection refused, nothing listens there/);
  strictEqual(await answers(), false);
  await cluster.start("publisher", "hub");
  await waitUntil(async () => await answers() === true, {
    what: "another session",
  });
});
