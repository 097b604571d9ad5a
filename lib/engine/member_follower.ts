/**
 * Applies the shared list of members at a publisher, and keeps this host's copy
 * of it.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Condition, inTime } from "../async/tasks.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Log } from "../log/log.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import type { MemberList } from "../members/member.ts";
import { NO_MEMBERS } from "../members/member_list_form.ts";
import type { StoredValue } from "../members/stored_value.ts";
import { OtherLogError } from "./log_follower.ts";
import type { SharedMembers } from "./shared_members.ts";

/** Options for {@link MemberFollower}. */
export interface MemberFollowerOptions {
  readonly shared: Pick<SharedMembers, "share">;
  /** Used by a backup, by `doctor`, and by a start that needs the last list. */
  readonly copy: Pick<StoredValue<MemberList>, "read" | "replace">;
  readonly clock: Clock;
  readonly records: Log;
}

/** Interval between looks, as for a file. */
const LOOK_MS = 500;

/** Follows the list, whoever edits it. */
export class MemberFollower {
  readonly #options: MemberFollowerOptions;
  readonly #troubleLog: TroubleLog;
  readonly #copyTrouble: TroubleLog;
  readonly #changed = new Condition();
  readonly #asked = new Condition();
  #list: MemberList = NO_MEMBERS;
  /** Revision of the copy; `undefined`: unknown. */
  #kept: number | undefined;

  /** @param options See {@link MemberFollowerOptions}. */
  constructor(options: MemberFollowerOptions) {
    this.#options = options;
    const { clock, records: log } = options;
    this.#troubleLog = new TroubleLog({
      ...{ clock, log },
      trouble: "the shared list of members can't be read, and is tried again",
      over: "the shared list of members is read again",
    });
    this.#copyTrouble = new TroubleLog({
      ...{ clock, log },
      trouble: "this host's copy of the list of members can't be kept",
      over: "this host's copy of the list of members is kept again",
    });
  }

  /** The list as last seen. */
  get list(): MemberList {
    return this.#list;
  }

  /** Looks at once. */
  look(): void {
    this.#asked.notify();
  }

  /**
   * Resolves once the current list is known.
   *
   * @param signal Aborts the wait.
   * @throws {OtherLogError} when this host has a newer or different list.
   * @throws the signal's reason on abort.
   */
  async catchUp(signal: AbortSignal): Promise<void> {
    while (!await this.#follow(signal)) await this.#pause(signal);
  }

  /**
   * Follows the list until aborted.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   * @throws {OtherLogError} when this host has a newer or different list.
   */
  async run(signal: AbortSignal): Promise<void> {
    while (true) {
      if (await this.#follow(signal)) await this.#keepCopy();
      await this.#pause(signal);
    }
  }

  /**
   * Yields each list after a given one, until aborted.
   *
   * @param told The list that the caller has.
   * @param signal Ends it; the sequence then returns.
   */
  async *changes(
    told: MemberList,
    signal: AbortSignal,
  ): AsyncGenerator<MemberList> {
    let last = told;
    while (!signal.aborted) {
      if (this.#list.revision !== last.revision) yield last = this.#list;
      else await this.#changed.wait(signal).catch(unlessAborted(signal));
    }
  }

  /** @returns Whether the engine answered. */
  async #follow(signal: AbortSignal): Promise<boolean> {
    try {
      const list = await this.#options.shared.share(signal) ?? NO_MEMBERS;
      this.#troubleLog.resolve();
      if (list.revision === this.#list.revision) return true;
      this.#list = list;
      this.#changed.notify();
      return true;
    } catch (error) {
      const isPassing = error instanceof RuntimeError &&
        !(error instanceof OtherLogError);
      if (!isPassing) throw error;
      this.#troubleLog.report(error.message);
      return false;
    }
  }

  async #keepCopy(): Promise<void> {
    const { copy } = this.#options;
    const { revision } = this.#list;
    if (this.#kept === revision || revision === 0) return;
    try {
      const before = await copy.read();
      if (before?.revision !== revision) await copy.replace(this.#list);
      this.#kept = revision;
      this.#copyTrouble.resolve();
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#copyTrouble.report(error.message);
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    await inTime(clock, LOOK_MS, signal, (ended) => this.#asked.wait(ended));
  }
}

function unlessAborted(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted || error !== signal.reason) throw error;
  };
}
