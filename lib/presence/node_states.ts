/**
 * The state of each node: whether its programs are alive, and whether its
 * reports are set aside.
 *
 * Keeps one small record for each role of a member, and none for anybody else.
 *
 * @module
 */

import type { NodeRole, SessionId } from "../base/ids.ts";
import { canonicalHost, type HostName } from "../base/host_name.ts";
import type { Member } from "../members/member.ts";
import type { NodePresence } from "../members/node_records.ts";
import type { NodeCondition } from "../wire/v2_messages.ts";
import {
  cut,
  type Greeting,
  greeting,
  hasTwin,
  heard,
  lagOf,
  left,
  type Newcomer,
  type Presence,
  type PresenceState,
  presenceState,
  type SilenceRule,
  told,
  UNKNOWN,
  welcomed,
} from "./presence.ts";

/** Options for {@link NodeStates}. */
export interface NodeStatesOptions {
  /** The records stored by the previous run. @default {[]} */
  readonly kept?: readonly NodePresence[];
  /** When this publisher started to listen, by its steady clock. */
  readonly sinceMs: number;
  /** Gives the current members. */
  readonly members: () => readonly Member[];
  /** Gives the table's last sequence number. */
  readonly seq: () => number;
  /** Whether a node's reports are set aside. */
  readonly isAside: (node: HostName) => boolean;
  /** Time without a sign of life after which a program is silent. */
  readonly silentAfterMs: number;
  /** Time for an answer to ASK. */
  readonly askAnswerMs: number;
}

/** The state of one role of a node. */
export interface RoleState {
  readonly role: NodeRole;
  readonly state: PresenceState;
  /**
   * Last sign of life, by the publisher's steady clock, in milliseconds since
   * 1970.
   */
  readonly seenMs: number | undefined;
  /** Version of the program that last said HELLO. */
  readonly version: string | undefined;
  /**
   * How many changes its replica is behind; `undefined` when unknown, or when
   * it has no replica.
   */
  readonly lag: number | undefined;
  /**
   * Its last reported condition; `undefined` when none came since the
   * publisher's start.
   */
  readonly condition: NodeCondition | undefined;
  readonly toldMs: number | undefined;
  /**
   * Whether another host tried to log in as this node within the last 10
   * minutes.
   */
  readonly hasTwin: boolean;
}

/** The state of a node. */
export interface NodeState {
  /** The member's name. */
  readonly node: HostName;
  /**
   * `aside`: its reports are set aside. Otherwise the worst state of its roles:
   * `silent`, then `away`, then `ok`; `never` only if all its roles never
   * connected.
   */
  readonly state: PresenceState | "aside";
  /** Last sign of life among the roles in the state above. */
  readonly seenMs: number | undefined;
  /** Its permitted roles, in the order of its rights. */
  readonly roles: readonly RoleState[];
}

/** A node has the first of these states that one of its roles has. */
const WORST_FIRST: readonly PresenceState[] = ["silent", "away", "ok", "never"];

/** Keeps the state of each node. */
export class NodeStates {
  readonly #options: NodeStatesOptions;
  readonly #rule: SilenceRule;
  readonly #presences = new Map<string, Presence>();

  /** @param options See {@link NodeStatesOptions}. */
  constructor(options: NodeStatesOptions) {
    this.#options = options;
    const { sinceMs, silentAfterMs, askAnswerMs, kept = [] } = options;
    this.#rule = { sinceMs, silentAfterMs, askAnswerMs };
    for (const { node, role, ...known } of kept) {
      this.#presences.set(keyOf(node, role), { ...UNKNOWN, ...known });
    }
  }

  /** Decides about a HELLO, and remembers a twin. */
  greet(
    node: HostName,
    role: NodeRole,
    newcomer: Newcomer,
    nowMs: number,
  ): Greeting {
    const verdict = greeting(
      this.#of(node, role),
      newcomer,
      this.#rule,
      nowMs,
    );
    if (verdict.kind === "twin") this.#set(node, role, verdict.presence);
    return verdict;
  }

  /** Records that a session began. */
  noteWelcome(
    node: HostName,
    role: NodeRole,
    session: SessionId,
    newcomer: Newcomer,
    nowMs: number,
  ): void {
    const before = this.#of(node, role);
    this.#set(node, role, welcomed(before, newcomer, session, nowMs));
  }

  /** Records a sign of life. */
  noteSign(node: HostName, role: NodeRole, nowMs: number): void {
    this.#set(node, role, heard(this.#of(node, role), nowMs));
  }

  /** Records a reported condition. */
  noteCondition(
    node: HostName,
    role: NodeRole,
    condition: NodeCondition,
    nowMs: number,
  ): void {
    const before = this.#of(node, role);
    this.#set(node, role, told(before, condition, this.#options.seq(), nowMs));
  }

  /** Records a BYE. */
  noteBye(
    node: HostName,
    role: NodeRole,
    session: SessionId,
    nowMs: number,
  ): void {
    this.#set(node, role, left(this.#of(node, role), session, nowMs));
  }

  /** Records that the publisher ended a node's sessions. */
  noteCut(node: HostName): void {
    for (const role of ["monitor", "subscriber"] as const) {
      const before = this.#presences.get(keyOf(node, role));
      if (before !== undefined) this.#set(node, role, cut(before));
    }
  }

  /** Forgets nodes that are no longer members. */
  forgetOthers(): void {
    const keys = new Set(
      this.#options.members().flatMap(({ name }) => [
        keyOf(name, "monitor"),
        keyOf(name, "subscriber"),
      ]),
    );
    for (const key of this.#presences.keys()) {
      if (!keys.has(key)) this.#presences.delete(key);
    }
  }

  /** The records to store for the publisher's next start. */
  kept(): readonly NodePresence[] {
    return this.#options.members().flatMap(({ name }) =>
      (["monitor", "subscriber"] as const).flatMap((role) => {
        const presence = this.#presences.get(keyOf(name, role));
        const { seenMs, version, isAway } = presence ?? UNKNOWN;
        if (seenMs === undefined || version === undefined) return [];
        return [{ node: canonicalHost(name), role, seenMs, version, isAway }];
      })
    );
  }

  /**
   * The state of every member, in the order of the member list.
   *
   * @param nowMs By the publisher's steady clock.
   */
  list(nowMs: number): readonly NodeState[] {
    return this.#options.members().map((member) => this.#state(member, nowMs));
  }

  #state({ name, rights }: Member, nowMs: number): NodeState {
    const roles = rights.roles.map((role) => this.#role(name, role, nowMs));
    const worst =
      WORST_FIRST.find((state) => roles.some((role) => role.state === state)) ??
        "never";
    const seen = roles.filter(({ state }) => state === worst)
      .flatMap(({ seenMs }) => seenMs ?? []);
    return {
      node: name,
      state: this.#options.isAside(name) ? "aside" : worst,
      seenMs: seen.length === 0 ? undefined : Math.max(...seen),
      roles,
    };
  }

  #role(node: HostName, role: NodeRole, nowMs: number): RoleState {
    const presence = this.#of(node, role);
    const state = presenceState(presence, this.#rule, nowMs);
    return {
      role,
      state,
      seenMs: presence.seenMs,
      version: presence.version,
      lag: lagOf(presence, state, this.#options.seq()),
      condition: presence.told?.condition,
      toldMs: presence.told?.atMs,
      hasTwin: hasTwin(presence, nowMs),
    };
  }

  #of(node: HostName, role: NodeRole): Presence {
    return this.#presences.get(keyOf(node, role)) ?? UNKNOWN;
  }

  #set(node: HostName, role: NodeRole, presence: Presence): void {
    this.#presences.set(keyOf(node, role), presence);
  }
}

function keyOf(node: HostName, role: NodeRole): string {
  return `${role} ${canonicalHost(node)}`;
}
