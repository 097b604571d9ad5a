/**
 * The members and allowlist of several publishers: a single value that an
 * operator can edit on any of their hosts.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Mutex } from "../async/mutex.ts";
import { inTime } from "../async/tasks.ts";
import { RuntimeError } from "../base/errors.ts";
import type { MemberList } from "../members/member.ts";
import { MEMBER_LIST_FORM } from "../members/member_list_form.ts";
import type { EditedValue } from "../members/stored_value.ts";
import { OtherLogError } from "./log_follower.ts";
import { packText, unpackText } from "./packed_text.ts";
import { NoLogError } from "./shared_log.ts";
import type { SharedValue, SharedValues } from "./shared_values.ts";

/** Options for {@link SharedMembers}. */
export interface SharedMembersOptions {
  readonly values: SharedValues;
  /** This host's copy, in case its list has not been shared yet. */
  readonly copy: Pick<EditedValue<MemberList>, "read">;
  readonly clock: Pick<Clock, "delay">;
}

/** Name of the value. */
const NAME = "members";
/** Longest wait of an edit for the engine: longer than an election takes. */
const EDIT_MS = 8_000;
/** Pause before an unanswered request is repeated. */
const RETRY_MS = 200;
/** Each request has its own timeout. */
const NEVER = new AbortController().signal;

/** The known state of the list. */
interface Known {
  readonly version: number;
  readonly list: MemberList | undefined;
  /** Whether the engine has it. */
  readonly isShared: boolean;
}

/** The shared list; never an older one than this host has seen. */
export class SharedMembers implements EditedValue<MemberList> {
  readonly #options: SharedMembersOptions;
  readonly #mutex = new Mutex();
  #known: Known | undefined;

  /** @param options See {@link SharedMembersOptions}. */
  constructor(options: SharedMembersOptions) {
    this.#options = options;
  }

  /**
   * Reads the list.
   *
   * @returns `undefined`: there is none.
   * @throws {OtherLogError} when the engine's list is older or different.
   * @throws {NoLogError} when the engine does not answer.
   */
  async read(signal: AbortSignal = NEVER): Promise<MemberList | undefined> {
    return await this.#mutex.withLock(
      signal,
      async () => (await this.#look(signal)).list,
    );
  }

  /** Like {@link read}; also shares this host's list if the engine has none. */
  async share(signal: AbortSignal): Promise<MemberList | undefined> {
    return await this.#mutex.withLock(signal, async () => {
      const { list, isShared, version } = await this.#look(signal);
      if (list !== undefined && !isShared) {
        await this.#write(list, version, signal);
      }
      return list;
    });
  }

  /**
   * Replaces the list by one derived from it, after any concurrent edits of
   * others.
   *
   * @throws {OtherLogError} when the engine's list is older or different.
   * @throws {NoLogError} when the engine does not answer for a while.
   */
  async edit(
    change: (list: MemberList | undefined) => MemberList,
  ): Promise<MemberList> {
    const { clock } = this.#options;
    let silence: NoLogError | undefined;
    const edited = await this.#mutex.withLock(
      NEVER,
      () =>
        inTime(clock, EDIT_MS, NEVER, async (signal) => {
          let own: MemberList | undefined;
          while (true) {
            try {
              const { list, version } = await this.#look(signal);
              // An unanswered attempt may have been carried out.
              if (own !== undefined && has(list, own)) return own;
              own = change(list);
              if (await this.#write(own, version, signal)) return own;
            } catch (error) {
              if (!(error instanceof NoLogError)) throw error;
              silence = error;
              await clock.delay(RETRY_MS, signal);
            }
          }
        }),
    );
    if (edited !== undefined) return edited;
    throw new NoLogError(
      `${silence?.message ?? "etcd does not answer"}; whether the list of ` +
        "members was changed is not known",
      { hint: "once it answers look at it, and say it again if need be" },
    );
  }

  async #look(signal: AbortSignal): Promise<Known> {
    const { values, copy } = this.#options;
    const known = this.#known?.list ?? await copy.read();
    const found = await values.read(NAME, this.#known?.version, signal);
    if (found === undefined && this.#known !== undefined) return this.#known;
    const shared = found && await listOf(found);
    if (shared !== undefined && known !== undefined) refuseOther(shared, known);
    return this.#known = {
      version: found?.version ?? 0,
      list: shared ?? known,
      isShared: shared !== undefined,
    };
  }

  async #write(
    list: MemberList,
    seen: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const bytes = await packText(MEMBER_LIST_FORM.encode(list));
    return await this.#options.values.write(NAME, bytes, seen, signal);
  }
}

/**
 * Whether a list includes all changes of an earlier one, judging by its
 * journal.
 */
function has(list: MemberList | undefined, earlier: MemberList): boolean {
  const { revision, journal } = earlier;
  const last = journal.at(-1);
  if (list === undefined || list.revision < revision) return false;
  if (last === undefined) return true;
  const same = list.journal.find((entry) => entry.revision === revision);
  const reaches = (list.journal[0]?.revision ?? Infinity) <= revision;
  return !reaches || JSON.stringify(same) === JSON.stringify(last);
}

/** A revoked member must not return with an older list. */
function refuseOther(shared: MemberList, known: MemberList): void {
  if (has(shared, known)) return;
  const isOlder = shared.revision < known.revision;
  throw new OtherLogError(
    isOlder
      ? `the shared list of members is at change ${shared.revision}, and this host's copy at ${known.revision}: the engine was set back to an older state`
      : "the shared list of members is not this host's with more changes: it is of another cluster, or the engine was set back, and went on",
    { hint: isOlder ? SET_BACK : OTHERS },
  );
}

const SET_BACK =
  "put the engine's own backup back, or begin anew with an engineprefix of another name: docs/PUBLISHERS.md";
const OTHERS =
  "move members/members.json aside if this host is to have the list of the others: docs/PUBLISHERS.md";

async function listOf(
  { bytes }: SharedValue,
): Promise<MemberList | undefined> {
  if (bytes === undefined) return undefined;
  try {
    return MEMBER_LIST_FORM.decode(await unpackText(bytes));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new RuntimeError(
      `the shared list of members can't be read: ${error.message}`,
      {
        hint:
          "are all publishers of the same version? Upgrade the others first",
        cause: error,
      },
    );
  }
}
