/**
 * All publishers of one table, for an operator.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { inTime } from "../async/tasks.ts";
import { RuntimeError } from "../base/errors.ts";
import { type HostName, sameHost } from "../base/host_name.ts";
import type { PublisherHost } from "../members/member.ts";
import type { LeadState } from "./lead_state.ts";
import {
  forgetState,
  TELL_MS,
  type ToldState,
  toldStates,
} from "./publisher_states.ts";
import { NoLogError, type SharedLog } from "./shared_log.ts";
import type { SharedValues } from "./shared_values.ts";

/** A publisher in an operator's view. */
export interface ListedPublisher {
  readonly name: HostName;
  /** `away`: it reports no state. */
  readonly role: LeadState["role"] | "away";
  /** The term that it knows; `null`: it is away. */
  readonly term: number | null;
  /** Number of the log's records that its copy lacks; `null`: it is away. */
  readonly behind: number | null;
  /** Its address for nodes; `null`: nobody has added it. */
  readonly controlUrl: string | null;
}

/** Options for {@link PublisherGroup}. */
export interface PublisherGroupOptions {
  readonly log: Pick<SharedLog, "look" | "passOn">;
  readonly values: SharedValues;
  readonly clock: Pick<Clock, "delay">;
}

/** Longest wait for a publisher's state. */
const LISTEN_MS = 3 * TELL_MS;
/** Longest wait for the engine, which may be in an election. */
const ELECTION_MS = 8_000;
/** Longest wait for the next active publisher. */
const TAKEOVER_MS = 10_000;
const LOOK_MS = 100;
const NEVER = new AbortController().signal;

/** Lists all publishers, and changes the active one. */
export class PublisherGroup {
  readonly #options: PublisherGroupOptions;

  /** @param options See {@link PublisherGroupOptions}. */
  constructor(options: PublisherGroupOptions) {
    this.#options = options;
  }

  /**
   * The state of each publisher. A publisher that reports nothing for a while
   * is away, whatever it reported before: no clocks are compared.
   *
   * @param added The publishers that were added.
   * @throws {NoLogError} when the engine does not answer.
   */
  async list(
    added: readonly PublisherHost[],
  ): Promise<readonly ListedPublisher[]> {
    const { values, clock } = this.#options;
    const first = await this.#untilAnswered((signal) =>
      toldStates(values, signal)
    );
    const names = [...first.keys()];
    for (const { name } of added) {
      if (!names.some((each) => sameHost(each, name))) names.push(name);
    }
    let heard = new Map<HostName, ToldState>();
    await inTime(clock, LISTEN_MS, NEVER, async (signal) => {
      while (heard.size < names.length) {
        await clock.delay(LOOK_MS, signal);
        const now = await unlessSilent(toldStates(values, signal));
        if (now === undefined) continue;
        heard = new Map(
          [...now].filter(([name, { version }]) =>
            version !== first.get(name)?.version
          ),
        );
      }
    });
    return names.toSorted().map((name) => listed(name, heard, added));
  }

  /**
   * Makes the active publisher hand over to another one.
   *
   * @param to The next active one; `undefined`: any standby.
   * @param added The publishers that were added.
   * @returns The new active publisher.
   * @throws {RuntimeError} when it can't be active, or is not within 10 s.
   */
  async handOver(
    to: HostName | undefined,
    added: readonly PublisherHost[],
  ): Promise<HostName> {
    const next = nextOf(to, await this.list(added));
    const { clock } = this.#options;
    const isActive = await inTime(clock, TAKEOVER_MS, NEVER, async (signal) => {
      while (!await unlessSilent(this.#passOn(next, signal))) {
        await clock.delay(LOOK_MS, signal);
      }
      return true;
    });
    if (isActive) return next;
    throw new RuntimeError(`${next} is not active yet`, {
      hint: "fail2ban-cluster publisher list shows who is",
    });
  }

  /** Offers the lead to one publisher. @returns Whether that one has it. */
  async #passOn(next: HostName, signal: AbortSignal): Promise<boolean> {
    const { log } = this.#options;
    const view = await log.look(signal);
    if (view === undefined) throw notBegun();
    const { lead: { term, holder, next: named }, versions } = view;
    if (holder !== next && named !== next) {
      await log.passOn({ term, holder: undefined, next }, versions, signal);
    }
    return holder === next;
  }

  /**
   * Repeats a request while the engine is in an election.
   *
   * @throws {NoLogError} when it does not answer for longer than an election
   * takes.
   */
  async #untilAnswered<T>(
    ask: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { clock } = this.#options;
    const answer = await inTime(clock, ELECTION_MS, NEVER, async (signal) => {
      while (true) {
        const found = await unlessSilent(ask(signal));
        if (found !== undefined) return found;
        await clock.delay(LOOK_MS, signal);
      }
    });
    return answer ?? await ask(NEVER);
  }

  /**
   * Forgets the state of an absent publisher.
   *
   * @throws {RuntimeError} when it is not absent.
   */
  async forget(
    name: HostName,
    added: readonly PublisherHost[],
  ): Promise<void> {
    const found = (await this.list(added))
      .find((each) => sameHost(each.name, name));
    if (found !== undefined && found.role !== "away") {
      throw new RuntimeError(`${found.name} runs: it would go on`, {
        hint: `on ${found.name}: systemctl disable --now fail2ban-publisher`,
      });
    }
    const { values } = this.#options;
    await this.#untilAnswered(async (signal) => {
      await forgetState(values, found?.name ?? name, signal);
      return true;
    });
  }
}

/** @returns `undefined`: the engine did not answer. */
async function unlessSilent<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof NoLogError) return undefined;
    throw error;
  }
}

function listed(
  name: HostName,
  heard: ReadonlyMap<HostName, ToldState>,
  added: readonly PublisherHost[],
): ListedPublisher {
  const state = [...heard].find(([each]) => sameHost(each, name))?.[1];
  const place = added.find((each) => sameHost(each.name, name));
  return {
    name,
    role: state?.role ?? "away",
    term: state?.term ?? null,
    behind: state?.behind ?? null,
    controlUrl: place?.controlUrl ?? null,
  };
}

function nextOf(
  to: HostName | undefined,
  all: readonly ListedPublisher[],
): HostName {
  if (to === undefined) {
    const [first] = all.filter(({ role }) => role === "standby")
      .toSorted((left, right) => (left.behind ?? 0) - (right.behind ?? 0));
    if (first !== undefined) return first.name;
    throw new RuntimeError("there is no standby that could take over", {
      hint: "start fail2ban-publisher on another host",
    });
  }
  const found = all.find(({ name }) => sameHost(name, to));
  if (found?.role === "standby") return found.name;
  throw new RuntimeError(
    found === undefined
      ? `there is no publisher ${to}`
      : `${found.name} can't take over: it is ${found.role}`,
    { hint: "fail2ban-cluster publisher list shows which can" },
  );
}

function notBegun(): RuntimeError {
  return new RuntimeError("no publisher has begun the shared log yet", {
    hint: "start fail2ban-publisher",
  });
}
