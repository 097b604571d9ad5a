import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { HOLD_MS, MonitorBench } from "../support/bench/monitor_bench.ts";

const SILENT = () => undefined;
const ECHO = (request: string) => request;

Deno.test("Monitor reports each ban and unban in the order of the lines, as this host's", async () => {
  await using bench = new MonitorBench();
  bench.oracle.state = "gone";
  await bench.read(`
    f I [sshd] Found 192.0.2.1 - 2026-11-22 14:04:14
    a N [sshd] Ban 192.0.2.1
    a N [nginx] Ban 2001:db8::/64
    a N [sshd] Unban 192.0.2.1
    a N [fail2bancluster] Ban 192.0.2.9`);
  deepStrictEqual(bench.publisher.heard, [
    "web-1|sshd|Ban|192.0.2.1",
    "web-1|nginx|Ban|2001:db8::/64",
    "web-1|sshd|Unban|192.0.2.1",
  ]);
  strictEqual(bench.monitor.counters.reported, 3);
  deepStrictEqual(bench.log.events, [
    "reported ban",
    "reported ban",
    "reported unban",
  ]);
});

Deno.test("Monitor asks the database about unbans only, with the time of the day", async () => {
  await using bench = new MonitorBench();
  bench.oracle.state = "in_force";
  await bench.clock.advance(5_000);
  await bench.read(`
    a N [sshd] Ban 192.0.2.1
    a N [sshd] Restore Ban 192.0.2.1
    a N [sshd] Unban 192.0.2.1`);
  deepStrictEqual(bench.oracle.asked, [
    `sshd 192.0.2.1 ${bench.clock.nowMs()}`,
  ]);
  deepStrictEqual(bench.publisher.heard, ["web-1|sshd|Ban|192.0.2.1"]);
});

Deno.test("Monitor stores the place only after every event before it is answered", async () => {
  await using bench = new MonitorBench();
  bench.publisher.answer = (request) =>
    request.endsWith("192.0.2.2") ? undefined : request;
  const endBytes = await bench.read(`
    a N [sshd] Ban 192.0.2.1
    a N [sshd] Ban 192.0.2.2`);
  strictEqual(bench.link.settled, 1);
  deepStrictEqual(bench.positions.offsets, []);
  bench.publisher.answer = ECHO;
  await bench.clock.advance(2_100);
  strictEqual(bench.link.settled, 2);
  deepStrictEqual(bench.positions.offsets, [endBytes]);
});

Deno.test("Monitor stores the place past lines that say nothing, once a second at most", async () => {
  await using bench = new MonitorBench();
  const firstBytes = await bench.read("f I [sshd] Found 192.0.2.1");
  await bench.read("f I [sshd] Found 192.0.2.2");
  const lastBytes = await bench.read("f I [sshd] Found 192.0.2.3");
  await bench.clock.advance(999);
  deepStrictEqual(bench.positions.offsets, [firstBytes]);
  await bench.clock.advance(1);
  deepStrictEqual(bench.positions.offsets, [firstBytes, lastBytes]);
});

Deno.test("Monitor counts a refusal of the publisher as an answer", async () => {
  await using bench = new MonitorBench();
  bench.publisher.answer = () => "NAK";
  const endBytes = await bench.read("a N [sshd] Ban 192.0.2.1");
  strictEqual(bench.link.counters.refused, 1);
  deepStrictEqual(bench.positions.offsets, [endBytes]);
});

Deno.test("Monitor goes on once a restored ticket ends the hold", async () => {
  await using bench = new MonitorBench();
  await bench.read("a N [sshd] Unban 192.0.2.1");
  const endBytes = await bench.read("a N [sshd] Restore Ban 192.0.2.1");
  deepStrictEqual(bench.positions.offsets, [endBytes]);
  await bench.clock.advance(2 * HOLD_MS);
  deepStrictEqual(bench.publisher.heard, []);
});

Deno.test("Monitor reports no ban of a protected address, but its unban", async () => {
  await using bench = new MonitorBench();
  bench.oracle.state = "gone";
  const endBytes = await bench.read(`
    a N [sshd] Ban 127.0.0.1
    a N [sshd] Ban 10.0.0.0/8
    a N [sshd] Unban 10.0.0.0/8`);
  deepStrictEqual(bench.publisher.heard, ["web-1|sshd|Unban|10.0.0.0/8"]);
  strictEqual(bench.monitor.counters.refused, 2);
  deepStrictEqual(bench.log.records.slice(0, 2), [
    {
      severity: "warning",
      event: "protected address not reported",
      fields: {
        jail: "sshd",
        address: "127.0.0.1",
        rule: "loopback",
        because: "127.0.0.0/8",
      },
    },
    {
      severity: "warning",
      event: "protected address not reported",
      fields: {
        jail: "sshd",
        address: "10.0.0.0/8",
        rule: "too-wide",
        because: "/24",
      },
    },
  ]);
  deepStrictEqual(bench.positions.offsets, [endBytes]);
});

Deno.test("Monitor says which lines it can't share, never what they hold, and not without end", async () => {
  await using bench = new MonitorBench();
  const endBytes = await bench.read(
    "a N [sshd] Ban mallory\n".repeat(1_000) + "a N [all] Ban 192.0.2.1",
  );
  strictEqual(bench.monitor.counters.unshareable, 1_001);
  deepStrictEqual(bench.log.records[0], {
    severity: "warning",
    event: "line can't be shared",
    fields: { reason: "target" },
  });
  strictEqual(bench.log.text.includes("mallory"), false);
  strictEqual(bench.log.records.length, 10);
  deepStrictEqual(bench.positions.offsets, [endBytes]);
  await bench.stop();
  deepStrictEqual(bench.log.records.at(-1)?.fields, {
    of: "line can't be shared",
    records: 991,
  });
});

Deno.test("Monitor says when an action of fail2ban failed, in which jail and with which action, and not without end", async () => {
  await using bench = new MonitorBench();
  const failure = (verb: string) =>
    `a E Failed to execute ${verb} jail 'sshd' action 'nft' info 'mallory'\n`;
  const endBytes = await bench.read(
    failure("ban") + failure("unban") + failure("reban").repeat(1_000),
  );
  const record = (event: string) => ({
    severity: "warning",
    event: `fail2ban could not carry out ${event}`,
    fields: { jail: "sshd", action: "nft", address: undefined },
  });
  strictEqual(bench.monitor.counters.actionFailures, 1_002);
  deepStrictEqual(bench.log.records, [
    record("a ban"),
    record("an unban"),
    ...Array.from({ length: 9 }, () => record("a ban")),
  ]);
  deepStrictEqual(bench.publisher.heard, []);
  deepStrictEqual(bench.positions.offsets, [endBytes]);
});

Deno.test("Monitor in a dry run reports nothing, stores nothing, and says what it would do", async () => {
  await using bench = new MonitorBench({ dryRun: true });
  await bench.read(`
    a N [sshd] Ban 192.0.2.1
    a N [sshd] Unban 192.0.2.1`);
  await bench.clock.advance(HOLD_MS);
  await bench.stop();
  strictEqual(bench.stopped, true);
  deepStrictEqual(bench.publisher.connections, []);
  deepStrictEqual(bench.positions.offsets, []);
  strictEqual(bench.monitor.counters.reported, 0);
  deepStrictEqual(bench.log.records, [
    {
      severity: "notice",
      event: "would report ban",
      fields: { jail: "sshd", address: "192.0.2.1" },
    },
    {
      severity: "notice",
      event: "would report unban",
      fields: { jail: "sshd", address: "192.0.2.1" },
    },
  ]);
});

Deno.test("Monitor at a stop waits for answers and stores the place", async () => {
  await using bench = new MonitorBench();
  bench.publisher.holding = true;
  const endBytes = await bench.read("a N [sshd] Ban 192.0.2.1");
  await bench.stop();
  await bench.clock.advance(999);
  strictEqual(bench.stopped, false);
  deepStrictEqual(bench.positions.offsets, []);
  bench.publisher.release();
  await bench.clock.advance(0);
  strictEqual(bench.stopped, true);
  deepStrictEqual(bench.positions.offsets, [endBytes]);
  strictEqual(bench.publisher.connection.closed, true);
});

Deno.test("Monitor at a stop leaves after a second what nobody answers", async () => {
  await using bench = new MonitorBench();
  bench.publisher.answer = SILENT;
  await bench.read(`
    a N [sshd] Ban 192.0.2.1
    a N [sshd] Ban 192.0.2.2`);
  await bench.stop();
  await bench.clock.advance(1_000);
  strictEqual(bench.stopped, true);
  deepStrictEqual(bench.positions.offsets, []);
  deepStrictEqual(bench.log.records.at(-1), {
    severity: "warning",
    event: "stopping with unanswered reports",
    fields: { unanswered: 2 },
  });
  strictEqual(bench.publisher.connection.closed, true);
  strictEqual(bench.clock.delays, 0);
});

Deno.test("Monitor at a stop stores no place past an unban that it holds, or lines half done", async () => {
  await using bench = new MonitorBench({}, { maxPending: 1 });
  const doneBytes = await bench.read("a N [sshd] Ban 192.0.2.1");
  await bench.read("a N [sshd] Unban 192.0.2.1");
  bench.publisher.holding = true;
  await bench.read(`
    a N [sshd] Ban 192.0.2.2
    a N [sshd] Ban 192.0.2.3`);
  await bench.stop();
  bench.publisher.release();
  await bench.clock.advance(1_000);
  strictEqual(bench.stopped, true);
  deepStrictEqual(bench.positions.offsets, [doneBytes]);
});

Deno.test("Monitor ends with the error of a part that fails", async () => {
  const unreadable = new Error("no log");
  const unwritable = new Error("no place");
  const inReading = new MonitorBench();
  inReading.lines.fail(unreadable);
  await rejects(inReading.running, unreadable);
  const inStoring = new MonitorBench();
  inStoring.positions.failure = unwritable;
  await inStoring.read("a N [sshd] Ban 192.0.2.1");
  await rejects(inStoring.running, unwritable);
  strictEqual(inStoring.publisher.connection.closed, true);
  const inConnecting = new MonitorBench({}, {
    connect: () => {
      throw unreadable;
    },
  });
  await rejects(inConnecting.running, unreadable);
});
