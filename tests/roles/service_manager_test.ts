import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { ChildProcess } from "../support/host/child_process.ts";
import { DatagramReceiver } from "../support/host/datagram_receiver.ts";
import { appendLog } from "../support/fail2ban/fail2ban_lines.ts";
import { ownLines } from "../support/cluster/program_outcome.ts";
import { bytes, RawClient } from "../support/cluster/raw_client.ts";
import {
  roleCommand,
  type RoleName,
  TestCluster,
} from "../support/cluster/test_cluster.ts";
import { timeStop } from "../support/host/stop_time.ts";

const ROLES: readonly RoleName[] = ["monitor", "publisher", "subscriber"];

/** Starts a program of a host as a service manager does. */
async function startService(
  cluster: TestCluster,
  role: RoleName,
  env: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const config = await cluster.addHost("host-a");
  await appendLog(cluster.logPath("host-a"), "");
  const { command, args } = roleCommand(role);
  return new ChildProcess({
    command,
    args: [...args, "run", "--config", config],
    env,
  });
}

for (const role of ROLES) {
  Deno.test(`the ${role} tells the service manager when it is ready, alive and stopping`, async () => {
    await using cluster = await TestCluster.create();
    const socket = `${cluster.dir}/notify`;
    await using manager = new DatagramReceiver(socket);
    await using child = await startService(cluster, role, {
      NOTIFY_SOCKET: socket,
      WATCHDOG_USEC: "200000",
    });
    await manager.waitFor(/^READY=1$/);
    await manager.waitForCount(7);
    const { code, tookMs, limitMs } = await timeStop(child, "SIGTERM");
    strictEqual(code, 0, child.stderr.join("\n"));
    ok(tookMs < limitMs, `${tookMs} ms, not ${limitMs}`);
    await manager.waitFor(/^STOPPING=1$/);
    const { texts } = manager;
    strictEqual(texts.filter((text) => text === "READY=1").length, 1);
    strictEqual(texts.filter((text) => text === "STOPPING=1").length, 1);
    deepStrictEqual(
      new Set(texts),
      new Set(["READY=1", "WATCHDOG=1", "STOPPING=1"]),
    );
  });

  Deno.test(`the ${role} reads its files again on SIGHUP, where no terminal is its input`, async () => {
    await using cluster = await TestCluster.create();
    await using child = await startService(cluster, role, {});
    await child.waitForLine(/: INFO: ready /);
    child.signal("SIGHUP");
    await child.waitForLine(/: NOTICE: reading files again$/);
    const { code } = await child.end();
    strictEqual(code, 0, child.stderr.join("\n"));
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    Deno.test(`the ${role} ends with exit code 0 within two seconds of ${signal}`, async () => {
      await using cluster = await TestCluster.create();
      await using child = await startService(cluster, role, {});
      await child.waitForLine(/: INFO: ready /);
      const { code, tookMs, limitMs } = await timeStop(child, signal);
      strictEqual(code, 0, child.stderr.join("\n"));
      ok(tookMs < limitMs, `${tookMs} ms, not ${limitMs}`);
      ok(ownLines(child).at(-1)?.endsWith(": INFO: stopped"));
    });
  }
}

Deno.test("the watchdog is told at half of WATCHDOG_USEC", async () => {
  await using cluster = await TestCluster.create();
  const socket = `${cluster.dir}/notify`;
  await using manager = new DatagramReceiver(socket);
  await using _child = await startService(cluster, "publisher", {
    NOTIFY_SOCKET: socket,
    WATCHDOG_USEC: "400000",
  });
  await manager.waitForCount(12);
  const alive = manager.datagrams.filter(({ text }) => text === "WATCHDOG=1");
  const gaps = alive.slice(1).map(({ atMs }, index) =>
    atMs - (alive[index]?.atMs ?? NaN)
  );
  const meanMs = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  // A busy machine is late with some, but neither with all nor early.
  ok(meanMs > 150 && Math.min(...gaps) < 300, gaps.join(" "));
});

Deno.test("nobody is told of a watchdog that is meant for another process", async () => {
  await using cluster = await TestCluster.create();
  const socket = `${cluster.dir}/notify`;
  await using manager = new DatagramReceiver(socket);
  await using child = await startService(cluster, "publisher", {
    NOTIFY_SOCKET: socket,
    WATCHDOG_USEC: "20000",
    WATCHDOG_PID: "1",
  });
  await manager.waitFor(/^READY=1$/);
  await child.end();
  await manager.waitFor(/^STOPPING=1$/);
  deepStrictEqual(manager.texts, ["READY=1", "STOPPING=1"]);
});

Deno.test("a publisher that says that it is ready answers", async () => {
  await using cluster = await TestCluster.create();
  const socket = `${cluster.dir}/notify`;
  await using manager = new DatagramReceiver(socket);
  await using _child = await startService(cluster, "publisher", {
    NOTIFY_SOCKET: socket,
  });
  await manager.waitFor(/^READY=1$/);
  const { hostname, port } = new URL(cluster.replyUrl.replace(/^tcp/, "http"));
  const connection = await Deno.connect({ hostname, port: Number(port) });
  connection.close();
  await using client = new RawClient(cluster.replyUrl);
  await client.request(bytes(`${cluster.token}|host-a|sshd|Ban|203.0.113.1`));
  strictEqual(await client.reply(), "host-a|sshd|Ban|203.0.113.1");
});

Deno.test("a program that can't work never says that it is ready", async () => {
  await using cluster = await TestCluster.create();
  const socket = `${cluster.dir}/notify`;
  await using manager = new DatagramReceiver(socket);
  const { hostname, port } = new URL(cluster.replyUrl.replace(/^tcp/, "http"));
  using _ = Deno.listen({ hostname, port: Number(port) });
  await using child = await startService(cluster, "publisher", {
    NOTIFY_SOCKET: socket,
  });
  strictEqual((await child.ended).code, 4);
  deepStrictEqual(manager.texts, []);
});

Deno.test("a service manager that reads nothing keeps no program from its work, nor from its end", async () => {
  await using cluster = await TestCluster.create();
  const path = `${cluster.dir}/notify`;
  const manager = Deno.listenDatagram({ transport: "unixpacket", path });
  using _ = { [Symbol.dispose]: () => manager.close() };
  await using child = await startService(cluster, "publisher", {
    NOTIFY_SOCKET: path,
    WATCHDOG_USEC: "2000",
  });
  await child.waitForLine(/: INFO: ready /);
  await using client = new RawClient(cluster.replyUrl);
  for (let index = 0; index < 100; index++) {
    const message = `host-a|sshd|Ban|198.18.0.${index}`;
    await client.request(bytes(`${cluster.token}|${message}`));
    strictEqual(await client.reply(), message);
  }
  const { code, tookMs, limitMs } = await timeStop(child, "SIGTERM");
  strictEqual(code, 0, child.stderr.join("\n"));
  ok(tookMs < limitMs, `${tookMs} ms, not ${limitMs}`);
});

for (const path of ["/nonexistent/notify", "@abstract", "notify"]) {
  Deno.test(`a program does without a service manager at ${path}`, async () => {
    await using cluster = await TestCluster.create();
    await using child = await startService(cluster, "subscriber", {
      NOTIFY_SOCKET: path,
      WATCHDOG_USEC: "20000",
    });
    await child.waitForLine(/: INFO: ready /);
    strictEqual((await child.end()).code, 0, child.stderr.join("\n"));
  });
}
