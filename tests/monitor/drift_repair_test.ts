import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { BanExpiry } from "../../lib/monitor/ban_expiry.ts";
import { banDrift } from "../../lib/monitor/ban_drift.ts";
import { keyOf } from "../../lib/ban/ban.ts";
import { DriftRepair } from "../../lib/monitor/drift_repair.ts";
import {
  decodeReportedBans,
  encodeReportedBans,
} from "../../lib/monitor/reported_bans_form.ts";
import {
  type KnownBan,
  ReportedBans,
} from "../../lib/monitor/reported_bans.ts";
import { ReportedBansKeeper } from "../../lib/monitor/reported_bans_keeper.ts";
import { ReportedBansStore } from "../../lib/monitor/reported_bans_store.ts";
import { MemoryStateText } from "../support/memory/fake_ports.ts";
import type { HeldTicket, TicketRow } from "../../lib/fail2ban/ports.ts";
import {
  countedBy,
  EventMonitorBench,
  MonitorHost,
} from "../support/bench/event_monitor_bench.ts";
import { address, jail } from "../support/values/core_values.ts";
import { EPOCH } from "../support/memory/memory_control.ts";
import { localTime } from "../support/memory/memory_fail2ban.ts";

const SSHD = jail("sshd");
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

interface DriftBenchOptions {
  readonly isExact?: boolean;
  readonly isFirstRun?: boolean;
  readonly host?: MonitorHost;
  readonly ignoreJails?: readonly string[];
  /** What is kept from one run to the next. */
  readonly stored?: {
    readonly store: ReportedBansStore;
    readonly known: ReportedBans;
  };
}

/** A monitor that compares with a fail2ban whose bans a test sets. */
class DriftBench implements AsyncDisposable {
  readonly host: MonitorHost;
  readonly known: ReportedBans;
  readonly drift: DriftRepair;
  readonly bench: EventMonitorBench;
  /** What fail2ban has: ends by address. */
  readonly held = new Map<string, { beganMs: number; endsMs: number }>();
  readonly oddJails = new Set<string>();
  /** When fail2ban was started. */
  startedMs: number;
  answers = true;

  constructor(options: DriftBenchOptions = {}) {
    const { isExact = false, isFirstRun = true, stored } = options;
    const { host = new MonitorHost() } = options;
    this.host = host;
    const { clock } = host;
    this.known = stored?.known ?? new ReportedBans();
    this.startedMs = clock.nowMs() - HOUR_MS;
    const tickets = (): HeldTicket[] =>
      [...this.held].map(([text, times]) => ({
        ...{ jail: SSHD, address: address(text), ...times },
      }));
    const list = () =>
      Promise.resolve(
        this.answers
          ? {
            ...{ tickets: tickets(), oddJails: this.oddJails, isExact },
            covers: () => true,
          }
          : undefined,
      );
    const rows = {
      answers: true,
      ticketRow: (_: unknown, text: string): TicketRow | undefined =>
        this.held.get(text),
    };
    const jails = { banTimeMs: () => Promise.resolve(HOUR_MS) };
    const log = { record: () => {} };
    this.drift = new DriftRepair({
      ...{ clock, log, known: this.known, lists: [{ list }] },
      server: { startedMs: () => this.startedMs },
      reportedUntilMs: isFirstRun ? undefined : clock.nowMs(),
    });
    this.bench = new EventMonitorBench(this.host, false, {
      ends: new BanExpiry({ rows, jails, clock, log, assumedMs: MINUTE_MS }),
      known: this.known,
      reported: stored &&
        new ReportedBansKeeper({ clock, log, ...stored }),
      drift: this.drift,
      ignoreJails: options.ignoreJails ?? [],
    });
  }

  /** fail2ban bans for so long, without a line. */
  hold(text: string, lastsMs = HOUR_MS): void {
    const beganMs = this.host.clock.nowMs();
    this.held.set(text, { beganMs, endsMs: beganMs + lastsMs });
  }

  async say(...messages: string[]): Promise<void> {
    const stamp = localTime(this.host.clock.nowMs());
    const lines = messages.map((message) =>
      message.startsWith("[")
        ? `${stamp},000 fail2ban.actions [9]: NOTICE  ${message}\n`
        : `${stamp},000 fail2ban.${
          message.startsWith("Jail") ? "jail" : "server"
        } [9]: INFO    ${message}\n`
    );
    await this.bench.read(lines.join(""));
  }

  /** Lets a minute pass: within it, all is to be equal. */
  async minute(): Promise<void> {
    await this.host.clock.advance(MINUTE_MS);
  }

  get counted(): string[] {
    return countedBy(this.host.publisher);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench[Symbol.asyncDispose]();
  }
}

for (const isExact of [true, false]) {
  const way = isExact ? "as fail2ban says" : "as its database says";

  Deno.test(`DriftRepair reports within a minute what no line said, ${way}`, async () => {
    await using bench = new DriftBench({ isExact });
    await bench.minute();
    bench.hold("192.0.2.1");
    await bench.minute();
    deepStrictEqual(bench.counted, ["ban sshd 192.0.2.1 3570"]);
    bench.held.delete("192.0.2.1");
    await bench.minute();
    deepStrictEqual(bench.counted.slice(1), ["unban sshd 192.0.2.1 ended"]);
    await bench.minute();
    strictEqual(bench.counted.length, 2);
    const { driftBans, driftUnbans } = bench.drift.counters;
    deepStrictEqual({ driftBans, driftUnbans }, {
      driftBans: 1,
      driftUnbans: 1,
    });
  });

  Deno.test(`DriftRepair reports within a minute what no line said after the very first start, before it compared, ${way}`, async () => {
    await using bench = new DriftBench({ isExact });
    await bench.host.clock.advance(2_000);
    bench.hold("192.0.2.1");
    await bench.minute();
    deepStrictEqual(bench.counted, ["ban sshd 192.0.2.1 3572"]);
  });

  Deno.test(`DriftRepair takes a ban back within a minute whose end no line said, and that no comparison had seen, ${way}`, async () => {
    for (const rowComesMs of [0, 3_000]) {
      await using bench = new DriftBench({ isExact });
      bench.bench.oracle.state = "gone";
      if (rowComesMs === 0) bench.hold("192.0.2.1");
      await bench.say("[sshd] Ban 192.0.2.1");
      await bench.host.clock.advance(rowComesMs);
      bench.hold("192.0.2.1");
      await bench.host.clock.advance(2_000);
      bench.held.delete("192.0.2.1");
      await bench.minute();
      const what = `a row after ${rowComesMs} ms: ${bench.counted}`;
      strictEqual(bench.counted.at(0), "ban sshd 192.0.2.1 3600", what);
      strictEqual(bench.counted.at(-1), "unban sshd 192.0.2.1 ended", what);
    }
  });

  Deno.test(`DriftRepair leaves what was there before the first run alone, and what was reported by the run before known, ${way}`, async () => {
    for (const isFirstRun of [true, false]) {
      await using bench = new DriftBench({ isExact, isFirstRun });
      bench.hold("192.0.2.1");
      await bench.minute();
      deepStrictEqual(bench.counted, []);
      bench.held.clear();
      await bench.minute();
      deepStrictEqual(
        bench.counted,
        isFirstRun ? [] : ["unban sshd 192.0.2.1 ended"],
      );
    }
  });

  Deno.test(`DriftRepair says nothing of what lines said already, nor of a ban that is lifted while its row stays, ${way}`, async () => {
    await using bench = new DriftBench({ isExact });
    bench.bench.oracle.state = "gone";
    bench.hold("192.0.2.1");
    await bench.say("[sshd] Ban 192.0.2.1");
    await bench.minute();
    await bench.say("[sshd] Unban 192.0.2.1");
    await bench.minute();
    await bench.minute();
    deepStrictEqual(bench.counted, [
      "ban sshd 192.0.2.1 3600",
      "unban sshd 192.0.2.1 lifted",
    ]);
    await bench.host.clock.advance(2_000);
    bench.hold("192.0.2.1");
    await bench.minute();
    strictEqual(bench.counted.length, 3);
  });

  Deno.test(`DriftRepair moves an end that fail2ban has changed, later and earlier, ${way}`, async () => {
    await using bench = new DriftBench({ isExact });
    bench.hold("192.0.2.1");
    await bench.say("[sshd] Ban 192.0.2.1");
    const { beganMs = 0 } = bench.held.get("192.0.2.1") ?? {};
    bench.held.set("192.0.2.1", { beganMs, endsMs: beganMs + 2 * HOUR_MS });
    await bench.minute();
    bench.held.set("192.0.2.1", { beganMs, endsMs: beganMs + 10 * MINUTE_MS });
    await bench.minute();
    deepStrictEqual(bench.counted, [
      "ban sshd 192.0.2.1 3600",
      "ban sshd 192.0.2.1 7170",
      "ban sshd 192.0.2.1 510",
    ]);
  });
}

Deno.test("DriftRepair takes no stop for an unban, whichever marks the log has", async () => {
  const stops = [
    [
      "Shutdown in progress...",
      "[sshd] Unban 192.0.2.1",
      "[sshd] Unban 192.0.2.2",
      "Jail 'sshd' stopped",
    ],
    ["[sshd] Unban 192.0.2.1", "[sshd] Unban 192.0.2.2", "Jail 'sshd' stopped"],
    // With a loglevel of NOTICE.
    ["[sshd] Unban 192.0.2.1", "[sshd] Unban 192.0.2.2"],
  ];
  for (const stop of stops) {
    await using bench = new DriftBench();
    bench.bench.oracle.state = "in_force";
    for (const text of ["192.0.2.1", "192.0.2.2"]) {
      bench.hold(text);
      await bench.say(`[sshd] Ban ${text}`);
    }
    await bench.say(...stop);
    await bench.minute();
    await bench.minute();
    strictEqual(bench.counted.length, 2, stop.join());
  }
});

Deno.test("DriftRepair reports what was lifted by a fail2ban that runs on, and what it did not restore", async () => {
  await using bench = new DriftBench();
  bench.bench.oracle.state = "in_force";
  for (const text of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
    bench.hold(text);
    await bench.say(`[sshd] Ban ${text}`);
  }
  await bench.say("[sshd] Unban 192.0.2.1");
  await bench.minute();
  deepStrictEqual(bench.counted.slice(3), ["unban sshd 192.0.2.1 ended"]);
  await bench.say("[sshd] Unban 192.0.2.2", "[sshd] Unban 192.0.2.3");
  bench.startedMs = bench.host.clock.nowMs() + 3_000;
  await bench.host.clock.advance(4_000);
  await bench.say("[sshd] Restore Ban 192.0.2.3");
  await bench.minute();
  deepStrictEqual(bench.counted.slice(4), ["unban sshd 192.0.2.2 ended"]);
});

Deno.test("DriftRepair waits for a fail2ban that can't be asked, and for one that is restoring", async () => {
  await using bench = new DriftBench({ isExact: true });
  bench.hold("192.0.2.1");
  await bench.say("[sshd] Ban 192.0.2.1");
  bench.answers = false;
  bench.held.clear();
  await bench.minute();
  bench.answers = true;
  for (let times = 0; times < 6; times++) {
    bench.startedMs = bench.host.clock.nowMs();
    await bench.host.clock.advance(15_000);
  }
  strictEqual(bench.counted.length, 1);
  await bench.minute();
  deepStrictEqual(bench.counted.slice(1), ["unban sshd 192.0.2.1 ended"]);
});

Deno.test("what was found and not answered when a monitor ended is found again by the next", async () => {
  const host = new MonitorHost();
  const text = new MemoryStateText();
  const store = new ReportedBansStore(text, { record: () => {} });
  const began = async (isFirstRun: boolean) => {
    const reported = await store.load();
    const known = new ReportedBans(reported);
    const stored = { store, known };
    return new DriftBench({ host, isExact: true, isFirstRun, stored });
  };
  const held = new Map<string, { beganMs: number; endsMs: number }>();
  {
    await using bench = await began(true);
    for (const text of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
      bench.hold(text);
      await bench.say(`[sshd] Ban ${text}`);
    }
    await bench.minute();
    host.publisher.silent = true;
    const { beganMs = 0 } = bench.held.get("192.0.2.1") ?? {};
    bench.held.set("192.0.2.1", { beganMs, endsMs: beganMs + 2 * HOUR_MS });
    bench.held.set("192.0.2.2", { beganMs, endsMs: beganMs + HOUR_MS / 2 });
    bench.held.delete("192.0.2.3");
    bench.hold("192.0.2.4");
    await bench.minute();
    const { driftBans, driftEnds, driftUnbans } = bench.drift.counters;
    deepStrictEqual([driftBans, driftEnds, driftUnbans], [1, 2, 1]);
    for (const each of bench.held) held.set(...each);
  }
  strictEqual(host.publisher.counted.length, 3);
  host.publisher.silent = false;
  await using bench = await began(false);
  for (const each of held) bench.held.set(...each);
  await bench.minute();
  deepStrictEqual(
    bench.counted.slice(3).map((said) => said.replace(/ \d+$/, "")).sort(),
    [
      ...["ban sshd 192.0.2.1", "ban sshd 192.0.2.2", "ban sshd 192.0.2.4"],
      "unban sshd 192.0.2.3 ended",
    ],
  );
  await bench.minute();
  strictEqual(bench.counted.length, 7);
});

Deno.test("a ban that was reported right before a monitor was killed gets the end that it has by now", async () => {
  const host = new MonitorHost();
  const store = new ReportedBansStore(new MemoryStateText(), {
    record: () => {},
  });
  {
    const stored = { store, known: new ReportedBans() };
    await using bench = new DriftBench({ host, isExact: true, stored });
    bench.hold("192.0.2.9");
    await bench.minute();
    for (const text of ["192.0.2.1", "192.0.2.2"]) {
      bench.hold(text);
      await bench.say(`[sshd] Ban ${text}`);
    }
    // As if it were killed: what it knows is not stored at its end.
    host.publisher.silent = true;
    await bench.say("[sshd] Ban 192.0.2.3");
    await host.clock.advance(5_000);
  }
  host.publisher.silent = false;
  const reported = await store.load();
  strictEqual(reported?.bans.length, 1);
  const known = new ReportedBans(reported);
  const stored = { store, known };
  await using bench = new DriftBench({ host, isExact: true, stored });
  const beganMs = host.clock.nowMs() - 10_000;
  for (
    const [text, endsMs] of [["192.0.2.1", 600_000], [
      "192.0.2.2",
      7_200_000,
    ]] as const
  ) {
    bench.held.set(text, { beganMs, endsMs: beganMs + endsMs });
  }
  bench.held.set("192.0.2.9", { beganMs: 0, endsMs: Infinity });
  await bench.minute();
  bench.hold("192.0.2.4");
  await bench.minute();
  deepStrictEqual(bench.counted.slice(2), [
    "ban sshd 192.0.2.1 560",
    "ban sshd 192.0.2.2 7160",
    "ban sshd 192.0.2.4 3570",
  ]);
});

const anyEnd = fc.oneof(
  fc.constant(Infinity),
  fc.integer({ min: 1, max: 9_000 }),
);
const anyKnown: fc.Arbitrary<KnownBan> = fc.record({
  jail: fc.constantFrom(SSHD, jail("web")),
  address: fc.constantFrom("192.0.2.1", "192.0.2.2", "2001:db8::1").map(
    address,
  ),
  state: fc.constantFrom("reported", "lifted", "left"),
  endsMs: anyEnd,
  notedMs: fc.integer({ min: 0, max: 4_000 }),
  isListed: fc.boolean(),
});
const anyTicket = fc.record({
  jail: fc.constantFrom(SSHD, jail("web")),
  address: fc.constantFrom("192.0.2.1", "192.0.2.2", "2001:db8::1").map(
    address,
  ),
  beganMs: fc.integer({ min: 0, max: 4_000 }),
  endsMs: anyEnd,
});

Deno.test("banDrift() finds nothing once what it found was done, and nothing twice", () => {
  fc.assert(fc.property(
    fc.array(anyKnown),
    fc.uniqueArray(anyTicket, { selector: keyOf }),
    (bans, tickets) => {
      const nowMs = 5_000;
      const known = new ReportedBans({
        epoch: undefined,
        isSeeded: true,
        bans,
      });
      const list = {
        tickets,
        oddJails: new Set<string>(),
        isExact: true,
        covers: () => true,
      };
      const { missing, surplus, moved, over } = banDrift(known, list, nowMs);
      const keys = [...missing, ...surplus, ...moved, ...over].map(keyOf);
      strictEqual(new Set(keys).size, keys.length);
      for (const ticket of [...missing, ...moved]) {
        const { endsMs = Infinity } = ticket;
        known.note({ ...ticket, endsMs, state: "reported", notedMs: nowMs });
      }
      for (const ban of surplus) {
        known.note({ ...ban, state: "lifted", notedMs: nowMs });
      }
      for (const ban of over) known.forget(ban);
      const after = banDrift(known, list, nowMs);
      deepStrictEqual([after.missing, after.moved, after.surplus], [
        [],
        [],
        [],
      ]);
    },
  ));
});

Deno.test("what was reported is read as it was written, and nothing else is", () => {
  const anyHead = fc.record({
    epoch: fc.constantFrom(undefined, EPOCH),
    isSeeded: fc.boolean(),
  });
  fc.assert(fc.property(anyHead, fc.array(anyKnown), (head, bans) => {
    const known = { ...head, bans: bans.map((ban) => ({ ...ban })) };
    const text = encodeReportedBans(known);
    deepStrictEqual(decodeReportedBans(text), known);
    for (const cut of [0, 1, text.length >> 1, text.length - 1]) {
      throwsAny(() => decodeReportedBans(text.slice(0, cut)));
    }
  }));
});

function throwsAny(work: () => unknown): void {
  let hasThrown = false;
  try {
    work();
  } catch {
    hasThrown = true;
  }
  strictEqual(hasThrown, true);
}

for (const isExact of [true, false]) {
  Deno.test(`a monitor that ignores a jail after a restart takes its bans back, reports none of it, and all that stands once it does not, ${isExact ? "as fail2ban says" : "as its database says"}`, async () => {
    const host = new MonitorHost();
    const store = new ReportedBansStore(new MemoryStateText(), {
      record: () => {},
    });
    const held = new Map<string, { beganMs: number; endsMs: number }>();
    const run = async (
      ignoreJails: readonly string[],
      work: (bench: DriftBench) => Promise<void>,
    ) => {
      const known = new ReportedBans(await store.load());
      const stored = { store, known };
      const isFirstRun = known.epoch === undefined;
      await using bench = new DriftBench({
        ...{ host, isExact, isFirstRun, stored, ignoreJails },
      });
      for (const [text, times] of held) bench.held.set(text, times);
      await bench.minute();
      await work(bench);
      held.clear();
      for (const [text, times] of bench.held) held.set(text, times);
    };
    await run([], async (bench) => {
      bench.hold("192.0.2.1");
      bench.hold("192.0.2.2");
      await bench.minute();
    });
    const before = countedBy(host.publisher).length;
    await run(["ssh*"], async (bench) => {
      bench.hold("192.0.2.3");
      await bench.say("[sshd] Ban 192.0.2.4");
      bench.held.delete("192.0.2.2");
      await bench.minute();
      await bench.minute();
      // What a comparison finds of it is no more than its lines.
      strictEqual(bench.bench.monitor.counters.ignored, 1);
    });
    const during = countedBy(host.publisher).slice(before);
    deepStrictEqual(during, [
      "unban sshd 192.0.2.1 ended",
      "unban sshd 192.0.2.2 ended",
    ]);
    await run([], async (bench) => {
      await bench.minute();
    });
    const after = countedBy(host.publisher).slice(before + during.length);
    deepStrictEqual(
      after.map((text) => text.replace(/ \d+$/, "")),
      ["ban sshd 192.0.2.1", "ban sshd 192.0.2.3"],
    );
  });
}
