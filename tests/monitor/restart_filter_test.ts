import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { EventId } from "../../lib/base/ids.ts";
import { scanLines } from "../../lib/fail2ban/log_scanner.ts";
import {
  type Detection,
  RestartFilter,
} from "../../lib/monitor/restart_filter.ts";
import type { TicketState } from "../../lib/fail2ban/ports.ts";
import {
  FAILED_RELOAD,
  JAIL_RESTART,
  logOf,
  QUIET_RESTART,
  REPEALING_RESTART,
  START,
  STOP,
} from "../support/fail2ban/fail2ban_log.ts";

const HOLD_MS = 30_000;
const LONG_AFTER_MS = 1_000_000;

/** A session that reads logs, at a time the test sets. */
class Reader {
  readonly session: RestartFilter;
  nowMs = 0;
  state: TicketState = "unknown";

  constructor(maxHeld?: number, sharesIncreases = false) {
    this.session = new RestartFilter({
      unbanHoldMs: HOLD_MS,
      sharesIncreases,
      ...maxHeld === undefined ? {} : { maxHeld },
    });
  }

  /** Reads an episode, one millisecond a line. */
  read(episode: string): string[] {
    return [...scanLines(logOf(episode), "file")].flatMap((event) =>
      this.session.push(event, this.state, this.nowMs, idAt(this.nowMs++))
        .map(describe)
    );
  }

  tickAt(nowMs: number): string[] {
    this.nowMs = nowMs;
    return this.session.tick(nowMs).map(describe);
  }
}

/** The name of what the line of that moment says. */
function idAt(nowMs: number): EventId {
  return `line-at-${String(nowMs).padStart(9, "0")}` as EventId;
}

function describe(found: Detection): string {
  const { kind, jail, address } = found;
  const what = `${kind} ${jail} ${address}`;
  return found.kind === "unban" ? `${what} ${found.why}` : what;
}

Deno.test("a ban is shared at once, an unban as the database says, which alone knows one by hand", () => {
  const unban = "a N [sshd] Unban 192.0.2.1";
  const answers:
    readonly (readonly [TicketState, readonly string[], number])[] = [
      ["gone", ["unban sshd 192.0.2.1 lifted"], 0],
      ["expired", ["unban sshd 192.0.2.1 ended"], 0],
      ["in_force", [], 0],
      ["unknown", [], 1],
    ];
  for (const [state, shared, held] of answers) {
    const reader = new Reader();
    deepStrictEqual(reader.read("a N [sshd] Ban 192.0.2.1"), [
      "ban sshd 192.0.2.1",
    ]);
    reader.state = state;
    deepStrictEqual(reader.read(unban), shared, state);
    strictEqual(reader.session.heldCount, held, state);
  }
});

Deno.test("no kind of restart shares anything, with and without a database", () => {
  const episodes = {
    "stop and start": STOP + START,
    "restart of a jail": JAIL_RESTART,
    "failed reload": FAILED_RELOAD,
    "restart that logs notices only": QUIET_RESTART,
    "restart of 1.1.1": REPEALING_RESTART,
  };
  for (const [name, episode] of Object.entries(episodes)) {
    for (const state of ["unknown", "in_force"] as const) {
      const reader = new Reader();
      reader.state = state;
      deepStrictEqual(reader.read(episode), [], `${name}, ${state}`);
      strictEqual(reader.session.heldCount, 0, `${name}, ${state}`);
      deepStrictEqual(reader.tickAt(LONG_AFTER_MS), [], `${name}, ${state}`);
    }
  }
});

Deno.test("unbans before and after the mark of a stop are dropped, even when no jail says that it stopped", () => {
  for (
    const mark of [
      "Shutdown in progress...",
      "Stopping all jails",
      "Exiting Fail2ban",
    ]
  ) {
    const reader = new Reader();
    reader.read("a N [sshd] Unban 192.0.2.1");
    strictEqual(reader.session.heldCount, 1);
    reader.read(`s I ${mark}`);
    strictEqual(reader.session.heldCount, 0, mark);
    strictEqual(reader.session.nextDeadlineMs(), undefined);
    reader.read("a N [sshd] Unban 192.0.2.2");
    strictEqual(reader.session.heldCount, 0, mark);
  }
});

Deno.test("while the server stops, a ticket without a row is no unban; an expired one is", () => {
  const reader = new Reader();
  reader.read("s I Shutdown in progress...");
  reader.state = "gone";
  deepStrictEqual(reader.read("a N [sshd] Unban 192.0.2.1"), []);
  reader.state = "expired";
  deepStrictEqual(reader.read("a N [sshd] Unban 192.0.2.2"), [
    "unban sshd 192.0.2.2 ended",
  ]);
});

Deno.test("after a start unbans count again", () => {
  const starts = [
    "s I Starting Fail2ban v1.0.2",
    "j I Creating new jail 'sshd'",
    "a N [nginx] Restore Ban 192.0.2.9",
    "a N [nginx] Ban 192.0.2.9",
  ];
  for (const start of starts) {
    const reader = new Reader();
    reader.read(STOP);
    reader.read(start);
    reader.state = "gone";
    deepStrictEqual(reader.read("a N [sshd] Unban 192.0.2.1"), [
      "unban sshd 192.0.2.1 lifted",
    ], start);
  }
});

Deno.test("a jail that stops drops its own held unbans and no others", () => {
  const reader = new Reader();
  reader.read(`
    a N [sshd] Unban 192.0.2.1
    a N [sshd] Unban 192.0.2.2
    a N [nginx] Unban 192.0.2.1
    j I Jail 'sshd' stopped`);
  strictEqual(reader.session.heldCount, 1);
  deepStrictEqual(reader.tickAt(LONG_AFTER_MS), [
    "unban nginx 192.0.2.1 ended",
  ]);
});

Deno.test("a held unban is shared when its time is over, not a moment before", () => {
  const reader = new Reader();
  reader.read(`
    a N [sshd] Unban 192.0.2.1
    a N [nginx] Unban 192.0.2.2
    a N [sshd] Unban 192.0.2.3`);
  strictEqual(reader.session.nextDeadlineMs(), HOLD_MS);
  deepStrictEqual(reader.tickAt(HOLD_MS - 1), []);
  deepStrictEqual(reader.tickAt(HOLD_MS), ["unban sshd 192.0.2.1 ended"]);
  strictEqual(reader.session.nextDeadlineMs(), HOLD_MS + 1);
  deepStrictEqual(reader.tickAt(HOLD_MS + 2), [
    "unban nginx 192.0.2.2 ended",
    "unban sshd 192.0.2.3 ended",
  ]);
  deepStrictEqual(reader.tickAt(LONG_AFTER_MS), []);
  strictEqual(reader.session.heldCount, 0);
});

Deno.test("what becomes of a ticket decides what becomes of its held unban", () => {
  const fates: readonly (readonly [string, TicketState, readonly string[]])[] =
    [
      ["a N [sshd] Ban 192.0.2.1", "unknown", ["ban sshd 192.0.2.1"]],
      ["a N [sshd] Restore Ban 192.0.2.1", "unknown", []],
      ["a N [sshd] Unban 192.0.2.1", "gone", ["unban sshd 192.0.2.1 lifted"]],
      ["a N [sshd] Unban 192.0.2.1", "expired", ["unban sshd 192.0.2.1 ended"]],
      ["a N [sshd] Unban 192.0.2.1", "in_force", []],
    ];
  for (const [line, state, shared] of fates) {
    const reader = new Reader();
    reader.read("a N [sshd] Unban 192.0.2.1");
    reader.state = state;
    deepStrictEqual(reader.read(line), shared, line);
    deepStrictEqual(reader.tickAt(LONG_AFTER_MS), [], line);
  }
});

Deno.test("an unban that comes again is held anew, once", () => {
  const reader = new Reader();
  reader.read("a N [sshd] Unban 192.0.2.1");
  reader.nowMs = 10_000;
  reader.read("a N [sshd] Unban 192.0.2.1");
  strictEqual(reader.session.heldCount, 1);
  deepStrictEqual(reader.tickAt(HOLD_MS + 9_999), []);
  deepStrictEqual(reader.tickAt(HOLD_MS + 10_000), [
    "unban sshd 192.0.2.1 ended",
  ]);
});

Deno.test("above the bound the oldest held unban is dropped: its ban stays", () => {
  const reader = new Reader(3);
  reader.read(`
    a N [sshd] Unban 192.0.2.1
    a N [nginx] Unban 192.0.2.2
    a N [sshd] Unban 192.0.2.3
    a N [sshd] Restore Ban 192.0.2.1
    a N [sshd] Unban 192.0.2.4`);
  strictEqual(reader.session.heldCount, 3);
  reader.read("a N [sshd] Unban 192.0.2.4");
  strictEqual(reader.session.heldCount, 3);
  reader.read("a N [sshd] Unban 192.0.2.5");
  strictEqual(reader.session.heldCount, 3);
  deepStrictEqual(reader.tickAt(LONG_AFTER_MS), [
    "unban sshd 192.0.2.3 ended",
    "unban sshd 192.0.2.4 ended",
    "unban sshd 192.0.2.5 ended",
  ]);
});

Deno.test("what happens in the cluster's own jail is shared in no way", () => {
  for (const state of ["gone", "expired", "in_force", "unknown"] as const) {
    const reader = new Reader();
    reader.state = state;
    deepStrictEqual(
      reader.read(`
        a N [fail2bancluster] Ban 192.0.2.1
        a N [fail2bancluster] Restore Ban 192.0.2.1
        a N [fail2bancluster] Unban 192.0.2.1`),
      [],
      state,
    );
    strictEqual(reader.session.heldCount, 0, state);
  }
});

Deno.test("prolonged, repealed and refused tickets share nothing and hold nothing", () => {
  const reader = new Reader();
  reader.state = "gone";
  deepStrictEqual(
    reader.read(`
      o N [sshd] Increase Ban 192.0.2.1 (2 # 4:00:00 -> 2026-11-22 18:32:45)
      a N [sshd] Repeal Ban 192.0.2.1
      a N [sshd] Unban alice
      a N [sshd] Ban 192.0.2.1 x
      a N [all] Ban 192.0.2.1
      a N [sshd] Reban 192.0.2.1
      a N [sshd] 192.0.2.1 already banned`),
    [],
  );
  strictEqual(reader.session.heldCount, 0);
});

Deno.test("a held unban keeps the name of its line", () => {
  const { session } = new Reader();
  const [unban] = scanLines(logOf("a N [sshd] Unban 192.0.2.1"), "file");
  deepStrictEqual(session.push(unban ?? NOTHING, "unknown", 5, idAt(5)), []);
  deepStrictEqual(session.tick(LONG_AFTER_MS).map(({ id }) => id), [idAt(5)]);
});

const NOTHING = { kind: "refused", reason: "bytes" } as const;

Deno.test("an increased ban is shared where that is wanted, with its new time, but not in the cluster's own jail", () => {
  const episode = `
    o N [sshd] Increase Ban 192.0.2.1 (2 # 4h -> 2026-11-22 18:04:14)
    o N [sshd] Increase Ban 192.0.2.2 (9 # permanent -> infinite)
    o N [fail2bancluster] Increase Ban 192.0.2.3 (2 # 4h -> 2026-11-22 18:04:14)`;
  deepStrictEqual(new Reader().read(episode), []);
  const { session } = new Reader(undefined, true);
  const shared = [...scanLines(logOf(episode), "file")].flatMap((event) =>
    session.push(event, "unknown", 0, idAt(0))
  );
  deepStrictEqual(
    shared.map((found) => [
      found.kind,
      found.address,
      found.kind === "ban" && found.lastsMs,
    ]),
    [
      ["ban", "192.0.2.1", 4 * 3_600_000],
      ["ban", "192.0.2.2", Infinity],
    ],
  );
});
