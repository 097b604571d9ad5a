/**
 * An enforcer in memory that fails as a test demands.
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

/** Options for {@link MemoryEnforcer}. */
export interface MemoryEnforcerOptions {
  /** The clock of bans that expire by themselves. */
  readonly clock: Clock;
  /** @default {"memory"} */
  readonly name?: string;
  /** Whether bans expire by themselves. @default {false} */
  readonly lapses?: boolean;
  /** @default {100} */
  readonly maxBansAtOnce?: number;
  /** Whether it lists the bans in force. @default {true} */
  readonly lists?: boolean;
  /** Whether it detects changes by others. @default {false} */
  readonly isWatched?: boolean;
  /** Whether only this enforcer adds bans. @default {false} */
  readonly isAllOurs?: boolean;
  /** Whether it reports removed bans. @default {false} */
  readonly tellsDeleted?: boolean;
}

/** Keeps bans in memory, records its calls, and fails on demand. */
export class MemoryEnforcer implements Enforcer {
  readonly name: string;
  readonly lapses: boolean;
  readonly maxBansAtOnce: number;
  readonly isAllOurs: boolean;
  /** Every call: `check`, `list`, or `apply` and `lift` with addresses. */
  readonly calls: string[] = [];
  /** Why every call fails; `undefined` when calls succeed. */
  down: string | undefined;
  /** Why a call fails after its work was done; `undefined` when none does. */
  lostAnswer: string | undefined;
  /** Why a ban can't be applied or lifted; `undefined` when it can. */
  refuse: (ban: HostBan, verb: PlanAction) => string | undefined = () =>
    undefined;
  /** Why a ban is finally refused; `undefined` when it is not. */
  forbids: (ban: HostBan) => string | undefined = () => undefined;
  /**
   * Whether it reports, outside the dedicated jail, addresses that were banned
   * already.
   */
  tellsPresent = false;
  /** Number of disturbances that the enforcer reports. */
  disturbances = 0;
  /** An error to throw from every call. */
  bug: Error | undefined;
  /** Called before bans are applied. */
  beforeApply: (bans: readonly HostBan[]) => void = () => {};
  /** Called after a ban was applied. */
  afterApply: (ban: HostBan) => void = () => {};
  /** Whether calls wait for {@link MemoryEnforcer.resume} or their signal. */
  paused = false;
  /** Whether lists wait as well; they contain the bans from their start. */
  listsPaused = false;
  /** Duration of a list, in milliseconds. */
  listMs = 0;
  /** Why lists and checks fail. */
  blind: string | undefined;
  /** Why lists fail. */
  blindLists: string | undefined;
  readonly isUnchanged?: () => Promise<boolean>;
  readonly takeDeleted?: () => Promise<readonly HostBan[] | undefined>;
  /**
   * Bans removed since the last list; `undefined` when something else changed,
   * too.
   */
  #deleted: HostBan[] | undefined = [];
  /** Whether anybody else has changed the bans since the last list. */
  #isChanged = true;
  readonly #clock: Clock;
  readonly #lists: boolean;
  readonly #held = new Map<string, HostBan>();
  readonly #resumed = new Condition();
  readonly #busy = new Set<string>();

  /** @param options See {@link MemoryEnforcerOptions}. */
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

  /** The bans in force. */
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

  /** The bans in force as `jail|address`, in order. */
  get keys(): readonly string[] {
    return this.held().map(keyOf).sort();
  }

  /** Adds a ban in force that nobody requested, as from an earlier run. */
  put(ban: HostBan): void {
    this.#held.set(keyOf(ban), ban);
    this.#isChanged = true;
    this.#deleted = undefined;
  }

  /** Removes all bans in force, or one. */
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

  /** Resumes waiting calls. */
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
