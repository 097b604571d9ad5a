import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  type NotifySettings,
  notifySettings,
  ServiceNotify,
} from "../../../lib/service/io/service_notify.ts";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import { UnixDatagrams } from "../../../lib/log/io/unix_datagrams.ts";
import { DatagramReceiver } from "../../support/host/datagram_receiver.ts";
import { fillQueue, listenOnly } from "../../support/host/hung_receiver.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

const VARIABLES = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] as const;
type Environment = Partial<Record<typeof VARIABLES[number], string>>;

/** What is read from an environment with these variables. */
function settingsIn(environment: Environment): NotifySettings | undefined {
  const before = VARIABLES.map((name) => [name, Deno.env.get(name)] as const);
  const set = (name: string, value: string | undefined) =>
    value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
  try {
    for (const name of VARIABLES) set(name, environment[name]);
    return notifySettings(123);
  } finally {
    for (const [name, value] of before) set(name, value);
  }
}

const SOCKET = { NOTIFY_SOCKET: "/run/notify" };
const ENVIRONMENTS: readonly (readonly [Environment, string | number])[] = [
  [{}, "nobody"],
  [{ NOTIFY_SOCKET: "" }, "nobody"],
  [{ NOTIFY_SOCKET: "@abstract" }, "nobody"],
  [{ WATCHDOG_USEC: "1000000" }, "nobody"],
  [SOCKET, "no watchdog"],
  [{ ...SOCKET, WATCHDOG_USEC: "30000000" }, 15_000],
  [{ ...SOCKET, WATCHDOG_USEC: "3000000", WATCHDOG_PID: "123" }, 1_500],
  [{ ...SOCKET, WATCHDOG_USEC: "3000000", WATCHDOG_PID: "124" }, "no watchdog"],
  [{ ...SOCKET, WATCHDOG_USEC: "0" }, "no watchdog"],
  [{ ...SOCKET, WATCHDOG_USEC: "-5" }, "no watchdog"],
  [{ ...SOCKET, WATCHDOG_USEC: "soon" }, "no watchdog"],
];

for (const [environment, expected] of ENVIRONMENTS) {
  Deno.test(`notifySettings() finds ${expected} in ${JSON.stringify(environment)}`, () => {
    deepStrictEqual(
      settingsIn(environment),
      expected === "nobody" ? undefined : {
        socketPath: "/run/notify",
        watchdogEveryMs: expected === "no watchdog" ? undefined : expected,
      },
    );
  });
}

Deno.test("ServiceNotify tells the manager each state, in order", async () => {
  await using dir = await TempDir.create();
  const socketPath = dir.path("notify");
  await using manager = new DatagramReceiver(socketPath);
  await using notify = new ServiceNotify({
    socketPath,
    watchdogEveryMs: undefined,
    datagrams: new UnixDatagrams(),
  });
  const states = ["READY=1", "WATCHDOG=1", "STOPPING=1"] as const;
  await Promise.all(states.map((state) => notify.send(state)));
  await manager.waitForCount(3);
  deepStrictEqual(manager.texts, [...states]);
});

Deno.test("ServiceNotify tells nobody when nobody wants to know", async () => {
  await using notify = new ServiceNotify(undefined);
  await notify.send("READY=1");
  await notify.keepAlive(new SystemClock(), new AbortController().signal);
});

Deno.test("ServiceNotify does without a manager that is gone, or never was one", async () => {
  await using dir = await TempDir.create();
  const socketPath = dir.path("notify");
  await using notify = new ServiceNotify({
    socketPath,
    watchdogEveryMs: undefined,
    datagrams: new UnixDatagrams(),
  });
  await notify.send("READY=1");
  await dir.write("notify", "a file");
  await notify.send("READY=1");
  await Deno.remove(socketPath);
  using _stream = Deno.listen({ transport: "unix", path: socketPath });
  await notify.send("READY=1");
});

Deno.test("ServiceNotify finds a manager that comes back", async () => {
  await using dir = await TempDir.create();
  const socketPath = dir.path("notify");
  await using notify = new ServiceNotify({
    socketPath,
    watchdogEveryMs: undefined,
    datagrams: new UnixDatagrams(),
  });
  for (let round = 0; round < 2; round++) {
    await using manager = new DatagramReceiver(socketPath);
    await notify.send("WATCHDOG=1");
    await manager.waitForCount(1);
  }
});

Deno.test("ServiceNotify does not wait for a manager that reads nothing", async () => {
  await using dir = await TempDir.create();
  const socketPath = dir.path("notify");
  using manager = listenOnly(socketPath);
  await using notify = new ServiceNotify({
    socketPath,
    watchdogEveryMs: undefined,
    datagrams: new UnixDatagrams(),
  });
  let late = 0;
  let waitedMs = 0;
  while (late < 3) {
    const before = performance.now();
    await notify.send("WATCHDOG=1");
    const elapsed = performance.now() - before;
    if (elapsed < 150) continue;
    late++;
    waitedMs = elapsed;
  }
  const before = performance.now();
  for (let i = 0; i < 1_000; i++) await notify.send("WATCHDOG=1");
  const tookMs = performance.now() - before;
  ok(tookMs < 100 * waitedMs, `1,000 took ${tookMs} ms, one ${waitedMs} ms`);
  let received = 0;
  for await (const [bytes] of manager) {
    received++;
    const text = new TextDecoder().decode(bytes);
    if (text === "STOPPING=1") break;
    strictEqual(text, "WATCHDOG=1");
    await notify.send("STOPPING=1");
  }
  ok(received < 1_000, "what nobody reads is not kept");
});

Deno.test("ServiceNotify tells a manager whose queue was full that the program is ready, once there is room", async () => {
  await using dir = await TempDir.create();
  const socketPath = dir.path("notify");
  using manager = listenOnly(socketPath);
  await using others = new UnixDatagrams();
  const { waiting } = await fillQueue(others, socketPath);
  await using notify = new ServiceNotify({
    socketPath,
    watchdogEveryMs: undefined,
    datagrams: new UnixDatagrams(),
  });
  await notify.send("READY=1");
  const texts: string[] = [];
  while (texts.at(-1) !== "READY=1") {
    const [bytes] = await manager.receive();
    texts.push(new TextDecoder().decode(bytes));
  }
  await waiting;
});

Deno.test("ServiceNotify.keepAlive() tells the watchdog as often as it wants, until aborted", async () => {
  await using dir = await TempDir.create();
  await using manager = new DatagramReceiver(dir.path("notify"));
  await using patient = new DatagramReceiver(dir.path("patient"));
  const watchdogEveryMs = 40;
  await using notify = new ServiceNotify({
    socketPath: dir.path("notify"),
    watchdogEveryMs,
    datagrams: new UnixDatagrams(),
  });
  // Ten times as patient as is waited for here: what slows one slows the other.
  await using other = new ServiceNotify({
    socketPath: dir.path("patient"),
    watchdogEveryMs: 10 * 5 * watchdogEveryMs,
    datagrams: new UnixDatagrams(),
  });
  const stop = new AbortController();
  const startedMs = performance.now();
  const keepingAlive = [notify, other].map((each) =>
    each.keepAlive(new SystemClock(), stop.signal)
  );
  await manager.waitForCount(5);
  const elapsed = performance.now() - startedMs;
  deepStrictEqual(patient.texts, []);
  ok(elapsed >= 5 * watchdogEveryMs - 10, `${elapsed} ms`);
  stop.abort();
  await Promise.all(keepingAlive);
  deepStrictEqual(new Set(manager.texts), new Set(["WATCHDOG=1"]));
});
