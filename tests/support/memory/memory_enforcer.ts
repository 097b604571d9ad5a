/**
 * An enforcer that enforces nothing, and fails as a test says.
 *
 * @module
 */

import { RuntimeError } from "../../../lib/base/errors.ts";
import { CLUSTER_JAIL } from "../../../lib/base/jail_name.ts";
import { keyOf } from "../../../lib/ban/ban.ts";
import type { PlanAction } from "../../../lib/enforce/plan_types.ts";
import type { Clock } from "../../../lib/async/clock.ts";
import type {
  ActiveBan,
  EnforcementFailure,
  Enforcer,
  HostBan,
} from "../../../lib/enforce/enforcer.ts";
import { Condition } from "../../../lib/async/tasks.ts";

/** How it is set up. */
export interface MemoryEnforcerOptions {
  /** What time it is when bans end by themselves. */
  readonly clock: Clock;
  /** @default {"memory"} */
  readonly name?: string;
  /** Whether bans end by themselves. @default {false} */
  readonly lapses?: boolean;
  /** @default {100} */
  readonly maxBansAtOnce?: number;
  /** Whether it tells what is in force. @default {true} */
  readonly lists?: boolean;
  /** Whether it tells that nobody else changed anything. @default {false} */
  readonly isWatched?: boolean;
  /** Whether nobody else puts anything in force. @default {false} */
  readonly isAllOurs?: boolean;
  /** Whether it tells what was taken out. @default {false} */
  readonly tellsDeleted?: boolean;
}

/** Holds bans in memory, keeps what it was told, and fails when a test says so. */
export class MemoryEnforcer implements Enforcer {
  readonly name: string;
  readonly lapses: boolean;
  readonly maxBansAtOnce: number;
  readonly isAllOurs: boolean;
  /** Every call: `check`, `list`, or `apply` and `lift` with addresses. */
  readonly calls: string[] = [];
  /** Why nothing works; `undefined`: everything does. */
  down: string | undefined;
  /** Why a call fails after everything was done; `undefined`: none does. */
  lostAnswer: string | undefined;
  /** Why a ban can't be applied or lifted; `undefined`: it can. */
  refuse: (ban: HostBan, verb: PlanAction) => string | undefined = () =>
    undefined;
  /** Why a ban is refused for good; `undefined`: it is not. */
  forbids: (ban: HostBan) => string | undefined = () => undefined;
  /** Whether it tells, outside the dedicated jail, who was banned already. */
  tellsPresent = false;
  /** What the enforcer says happened. */
  disturbances = 0;
  /** Thrown by every call. */
  bug: Error | undefined;
  /** Called before bans are applied. */
  beforeApply: (bans: readonly HostBan[]) => void = () => {};
  /** Called after a ban was applied. */
  afterApply: (ban: HostBan) => void = () => {};
  /** Whether calls wait for {@link MemoryEnforcer.resume} or their signal. */
  paused = false;
  /** Whether lists do, with what was in force when they began. */
  listsPaused = false;
  /** How long a list takes, in milliseconds. */
  listMs = 0;
  /** Why only lists and checks fail. */
  blind: string | undefined;
  /** Why only lists fail. */
  blindLists: string | undefined;
  readonly isUnchanged?: () => Promise<boolean>;
  readonly takeDeleted?: () => Promise<readonly HostBan[] | undefined>;
  /** What was taken out since it was listed; `undefined`: and something else. */
  #deleted: HostBan[] | undefined = [];
  /** Whether anybody else changed what is in force since it was listed. */
  #isChanged = true;
  readonly #clock: Clock;
  readonly #lists: boolean;
  readonly #held = new Map<string, HostBan>();
  readonly #resumed = new Condition();
  readonly #busy = new Set<string>();

  /** @param options How it is set up. */
  constructor(options: MemoryEnforcerOptions) {
    this.#clock = options.clock;
    this.name = options.name ?? "memory";
    this.lapses = options.lapses ?? false;
    this.maxBansAtOnce = options.maxBansAtOnce ?? 100;
    this.isAllOurs = options.isAllOurs ?? false;
    this.#lists = options.lists ?? true;
    if (options.isWatched !== true) return;
    this.isUnchanged = () => Promise.resolve(!this.#isChanged);
    if (options.tellsDeleted !== true) return;
    this.takeDeleted = () => {
      const deleted = this.#deleted;
      if (deleted !== undefined) {
        this.#deleted = [];
        this.#isChanged = false;
      }
      return Promise.resolve(deleted);
    };
  }

  check(signal: AbortSignal): Promise<void> {
    return this.#call("check", signal, () => {});
  }

  apply(
    bans: readonly HostBan[],
    signal: AbortSignal,
  ): Promise<readonly EnforcementFailure[]> {
    return this.#change("apply", bans, signal, (ban) => {
      this.#held.set(keyOf(ban), ban);
      this.afterApply(ban);
    });
  }

  lift(
    bans: readonly HostBan[],
    signal: AbortSignal,
  ): Promise<readonly EnforcementFailure[]> {
    return this.#change("lift", bans, signal, (ban) => {
      this.#held.delete(keyOf(ban));
    });
  }

  async list(signal: AbortSignal): Promise<readonly ActiveBan[] | undefined> {
    return await this.#call("list", signal, async () => {
      if (this.blindLists !== undefined) failed(this.blindLists);
      const held = this.held();
      this.#isChanged = false;
      this.#deleted = [];
      if (this.listMs > 0) await this.#clock.delay(this.listMs, signal);
      if (this.listsPaused) await this.#resumed.wait(signal);
      return this.#lists ? held : undefined;
    });
  }

  /** What is in force. */
  held(): readonly ActiveBan[] {
    const nowMs = this.#clock.nowMs();
    if (this.lapses) {
      for (const [key, { expiresMs }] of this.#held) {
        if (expiresMs <= nowMs) this.#held.delete(key);
      }
    }
    return [...this.#held.values()].map(({ jail, address, expiresMs }) => ({
      jail,
      address,
      expiresMs: this.lapses ? expiresMs : undefined,
    }));
  }

  /** What is in force, as `jail|address`, in order. */
  get keys(): readonly string[] {
    return this.held().map(keyOf).sort();
  }

  /** Has a ban in force that nobody asked for, as from before. */
  put(ban: HostBan): void {
    this.#held.set(keyOf(ban), ban);
    this.#isChanged = true;
    this.#deleted = undefined;
  }

  /** Forgets what is in force: all, or one ban. */
  lose(ban?: HostBan): void {
    this.#isChanged = true;
    if (ban === undefined) {
      this.#held.clear();
      this.#deleted = undefined;
    } else {
      this.#held.delete(keyOf(ban));
      this.#deleted?.push(ban);
    }
  }

  /** Lets the calls go on that wait. */
  resume(): void {
    this.paused = false;
    this.listsPaused = false;
    this.#resumed.notify();
  }

  #failureOf(
    ban: HostBan,
    verb: PlanAction,
  ): Omit<EnforcementFailure, "ban"> | undefined {
    const reason = this.refuse(ban, verb);
    if (reason !== undefined) return { reason };
    if (verb === "lift") return undefined;
    const forbidden = this.forbids(ban);
    if (forbidden !== undefined) return { reason: forbidden, kind: "refused" };
    return this.tellsPresent && ban.jail !== CLUSTER_JAIL &&
        this.#held.has(keyOf(ban))
      ? { reason: "it was there", kind: "present" }
      : undefined;
  }

  #change(
    verb: PlanAction,
    bans: readonly HostBan[],
    signal: AbortSignal,
    change: (ban: HostBan) => void,
  ): Promise<readonly EnforcementFailure[]> {
    const addresses = bans.map(({ address }) => address).join(" ");
    return this.#call(`${verb} ${addresses}`, signal, () => {
      this.#demandGood(bans);
      if (verb === "apply") this.beforeApply(bans);
      const failures = bans.flatMap((ban) => {
        const failure = this.#failureOf(ban, verb);
        if (failure === undefined) change(ban);
        return failure === undefined ? [] : [{ ban, ...failure }];
      });
      if (this.lostAnswer !== undefined) failed(this.lostAnswer);
      return failures;
    });
  }

  async #call<T>(
    what: string,
    signal: AbortSignal,
    answer: () => T | Promise<T>,
  ): Promise<T> {
    const isLook = what === "list" || what === "check";
    const kind = isLook && this.isUnchanged !== undefined ? "look" : "change";
    if (this.#busy.has(kind)) {
      throw new TypeError(`${what} while another call runs`);
    }
    this.#busy.add(kind);
    this.calls.push(what);
    try {
      signal.throwIfAborted();
      if (this.paused) await this.#resumed.wait(signal);
      else await Promise.resolve();
      if (this.bug !== undefined) throw this.bug;
      if (this.down !== undefined) failed(this.down);
      if (isLook && this.blind !== undefined) failed(this.blind);
      return await answer();
    } finally {
      this.#busy.delete(kind);
    }
  }

  #demandGood(bans: readonly HostBan[]): void {
    const keys = new Set(bans.map(keyOf));
    if (keys.size !== bans.length || keys.size > this.maxBansAtOnce) {
      throw new TypeError(`Not a good batch: ${[...keys].join(" ")}`);
    }
  }
}

function failed(reason: string): never {
  throw new RuntimeError(reason, { hint: "a test said so" });
}
