import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { EventId } from "../../lib/base/ids.ts";
import { CLUSTER_JAIL } from "../../lib/base/jail_name.ts";
import type { LogEvent } from "../../lib/fail2ban/log_line.ts";
import {
  type DetectedUnban,
  type Detection,
  RestartFilter,
} from "../../lib/monitor/restart_filter.ts";
import type { TicketState } from "../../lib/fail2ban/ports.ts";
import { address, jail } from "../support/values/core_values.ts";

const HOLD_MS = 20;
const MAX_HELD = 3;

/** The session as one list, oldest first, that is searched from end to end. */
class Model {
  held: { readonly event: Detection; readonly deadlineMs: number }[] = [];
  #stopping = false;

  push(
    event: LogEvent,
    state: TicketState,
    nowMs: number,
    id: EventId,
  ): Detection[] {
    switch (event.kind) {
      case "ban":
      case "restore":
        this.#stopping = false;
        this.#forget((it) => isSameTicket(it, event));
        return event.kind === "ban"
          ? foreign({ ...event, kind: "ban", id })
          : [];
      case "unban":
        this.#forget((it) => isSameTicket(it, event));
        return this.#unban({ ...event, kind: "unban", id }, state, nowMs);
      case "server_stopping":
        this.held = [];
        this.#stopping = true;
        return [];
      case "jail_stopped":
        this.#forget((it) => it.jail === event.jail);
        return [];
      case "server_starting":
      case "jail_started":
        this.#stopping = false;
        return [];
      default:
        return [];
    }
  }

  tick(nowMs: number): Detection[] {
    const due = this.held.filter(({ deadlineMs }) => deadlineMs <= nowMs);
    this.held = this.held.filter(({ deadlineMs }) => deadlineMs > nowMs);
    return due.map(({ event }) => event);
  }

  #unban(
    unban: Omit<DetectedUnban, "why">,
    state: TicketState,
    nowMs: number,
  ): Detection[] {
    const event = { ...unban, why: "ended" } as const;
    if (state === "expired") return foreign(event);
    if (state === "gone" && !this.#stopping) {
      return foreign({ ...event, why: "lifted" });
    }
    if (state === "unknown" && !this.#stopping) {
      const added = foreign(event).map((event) => ({
        event,
        deadlineMs: nowMs + HOLD_MS,
      }));
      this.held = [...this.held, ...added].slice(-MAX_HELD);
    }
    return [];
  }

  #forget(matches: (event: Detection) => boolean): void {
    this.held = this.held.filter(({ event }) => !matches(event));
  }
}

function isSameTicket(
  left: Detection,
  right: { readonly jail: string; readonly address: string },
): boolean {
  return left.jail === right.jail && left.address === right.address;
}

function foreign(event: Detection): Detection[] {
  return event.jail === CLUSTER_JAIL ? [] : [event];
}

const anyJail = fc.constantFrom(jail("sshd"), jail("nginx"), CLUSTER_JAIL);
const anyAddress = fc.constantFrom(
  ...["192.0.2.1", "192.0.2.2", "2001:db8::/64"].map(address),
);
const ticket = { jail: anyJail, address: anyAddress };
const anyEvent: fc.Arbitrary<LogEvent> = fc.oneof(
  {
    weight: 15,
    arbitrary: fc.record({ kind: fc.constant("unban"), ...ticket }),
  },
  fc.record({ kind: fc.constantFrom("ban", "restore", "repeal"), ...ticket }),
  fc.record({
    kind: fc.constant("increase"),
    ...ticket,
    count: fc.nat(),
    durationSeconds: fc.nat(),
  }),
  fc.record({ kind: fc.constantFrom("server_stopping", "server_starting") }),
  fc.record({
    kind: fc.constantFrom("jail_stopped", "jail_started"),
    jail: anyJail,
  }),
  fc.constant({ kind: "refused", reason: "target" } as const),
  fc.record({
    kind: fc.constant("action_failed"),
    jail: anyJail,
    verb: fc.constantFrom("ban", "reban", "unban"),
  }),
);
const anyStep = fc.record({
  event: anyEvent,
  state: fc.constantFrom("unknown", "unknown", "gone", "expired", "in_force"),
  pauseMs: fc.oneof(
    fc.integer({ min: 1, max: 4 }),
    fc.constant(HOLD_MS),
  ),
  ticks: fc.boolean(),
});

Deno.test("a session shares and holds what a plain list would, for any course of events", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
      const session = new RestartFilter({
        unbanHoldMs: HOLD_MS,
        maxHeld: MAX_HELD,
      });
      const model = new Model();
      let nowMs = 0;
      for (const { event, state, pauseMs, ticks } of steps) {
        nowMs += pauseMs;
        if (ticks) {
          deepStrictEqual(plain(session.tick(nowMs)), plain(model.tick(nowMs)));
        }
        deepStrictEqual(
          plain(session.push(event, state, nowMs, idAt(nowMs))),
          plain(model.push(event, state, nowMs, idAt(nowMs))),
        );
        strictEqual(session.heldCount, model.held.length);
        strictEqual(session.nextDeadlineMs(), model.held[0]?.deadlineMs);
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("no unban whose ticket the database doesn't know is released before its time", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
      const session = new RestartFilter({ unbanHoldMs: HOLD_MS });
      const loggedAtMs = new Map<string, number>();
      let nowMs = 0;
      for (const { event, pauseMs, ticks } of steps) {
        nowMs += pauseMs;
        for (const { jail, address } of ticks ? session.tick(nowMs) : []) {
          const loggedMs = loggedAtMs.get(`${jail} ${address}`) ?? Infinity;
          strictEqual(nowMs - loggedMs >= HOLD_MS, true);
        }
        const shared = session.push(event, "unknown", nowMs, idAt(nowMs));
        strictEqual(shared.every(({ kind }) => kind === "ban"), true);
        if (event.kind === "unban") {
          loggedAtMs.set(`${event.jail} ${event.address}`, nowMs);
        }
      }
    }),
    { numRuns: 500 },
  );
});

function plain(events: readonly Detection[]): string[] {
  return events.map((event) => {
    const { kind, jail, address, id } = event;
    const why = event.kind === "unban" ? event.why : "";
    return `${kind} ${jail} ${address} ${id} ${why}`;
  });
}

/** The name of what the line of that moment says. */
function idAt(nowMs: number): EventId {
  return `line-at-${String(nowMs).padStart(9, "0")}` as EventId;
}
