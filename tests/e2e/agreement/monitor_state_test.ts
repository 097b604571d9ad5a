import { ok, strictEqual } from "node:assert/strict";
import { ControlServer } from "../../support/cluster/control_server.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { timeStop } from "../../support/host/stop_time.ts";

const HOUR_MS = 3_600_000;
const GOOD =
  `{"version":1,"device":1,"inode":2,"offsetBytes":3,"fingerprint":""}`;

/** What may stand in the place of a small file of state. */
const DAMAGES: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  "empty": (path) => Deno.writeTextFile(path, ""),
  "garbage": (path) => Deno.writeTextFile(path, "\0\xff what?\n"),
  "cut": (path) => Deno.writeTextFile(path, GOOD.slice(0, 30)),
  "a folder": (path) => Deno.mkdir(path),
  "a pipe": (path) => new Deno.Command("mkfifo", { args: [path] }).output(),
};

for (const [name, damage] of Object.entries(DAMAGES)) {
  Deno.test(`a monitor whose files of state are damaged puts them aside, reads the log from its start, and stops in time: ${name}`, async () => {
    await using cluster = await TestCluster.create();
    await using server = new ControlServer(cluster.members.publisherKeys);
    await cluster.addHost("host-a", {
      monitor: { controlserver: server.url, fail2bansocket: "none" },
    });
    const state = cluster.stateDir("host-a");
    for (const file of ["monitor.position", "monitor.reported"]) {
      await damage(`${state}/${file}`);
    }
    await appendLog(
      cluster.logPath("host-a"),
      banLine("sshd", "198.51.100.1", Date.now()),
    );
    const monitor = await cluster.start("monitor", "host-a");
    await waitUntil(() => server.publisher.counted.length === 1, {
      what: () => `the ban; ${monitor.stderr.join("\n")}`,
      timeoutMs: 15_000,
    });
    await monitor.waitForLine(/read from its start/);
    const { code, tookMs, limitMs } = await timeStop(monitor);
    strictEqual(code, 0);
    ok(tookMs < limitMs, `${tookMs} ms, not ${limitMs}`);
    for (const file of ["monitor.position", "monitor.reported"]) {
      ok((await Deno.stat(`${state}/${file}`)).isFile, file);
      ok((await Deno.lstat(`${state}/${file}.damaged`)).mtime !== null, file);
    }
  });
}

for (const [zone, behindHours] of [["UTC-9", -9], ["UTC+5", 5]] as const) {
  Deno.test(`a monitor reports live bans that are stamped by another zone, with their time, and says so once: ${zone}`, async () => {
    await using cluster = await TestCluster.create();
    await using server = new ControlServer(cluster.members.publisherKeys);
    await cluster.addHost("host-a", {
      monitor: { controlserver: server.url, fail2bansocket: "none" },
    });
    const log = cluster.logPath("host-a");
    await appendLog(log, "");
    const monitor = await cluster.start("monitor", "host-a");
    const { counted } = server.publisher;
    const startMs = Date.now();
    for (const count of [1, 2]) {
      const stampMs = Date.now() - behindHours * HOUR_MS;
      await appendLog(log, banLine("sshd", `198.51.100.${count}`, stampMs));
      await waitUntil(() => counted.length === count, {
        what: `ban ${count}`,
        timeoutMs: 15_000,
      });
    }
    const tookMs = Date.now() - startMs;
    for (const event of counted) {
      ok(event.kind === "ban" && event.remainingMs !== null);
      // Of ten minutes no more has passed than since it was logged.
      const goneMs = 600_000 - event.remainingMs;
      ok(goneMs > -1_000 && goneMs <= tookMs + 1_000, `${goneMs} ms`);
    }
    const figures = await cluster.figures("monitor", "host-a");
    strictEqual(figures["clockOffsetSeconds"], behindHours * 3_600);
    strictEqual(figures["over"], 0);
    await monitor.waitForLine(/stamped by another zone or clock/);
    const told = monitor.stderr.filter((line) =>
      line.includes("stamped by another zone or clock")
    );
    strictEqual(told.length, 1);
  });
}
