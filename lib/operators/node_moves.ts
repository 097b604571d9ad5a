/**
 * Tells nodes the publisher's new address, for a waiting operator.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Condition, inTime } from "../async/tasks.ts";
import { canonicalHost, type HostName } from "../base/host_name.ts";
import type { NodeRole, SessionId } from "../base/ids.ts";
import type { Log } from "../log/log.ts";
import type { PublisherAddress } from "../members/member.ts";
import type { ToldNode } from "../wire/operator_moves.ts";
import type { NodeMessage, PublisherMessage } from "../wire/v2_messages.ts";

type Moved = Extract<NodeMessage, { readonly kind: "MOVED" }>;
type Move = Extract<PublisherMessage, { readonly kind: "MOVE" }>;

/** A connected program of a node. */
export interface ConnectedProgram {
  readonly id: SessionId;
  readonly node: HostName;
  readonly role: NodeRole;
}

/** Options for {@link NodeMoves}. */
export interface NodeMovesOptions {
  /** Sends a message to each session of a node. @returns The sessions. */
  readonly say: (
    node: HostName,
    message: PublisherMessage,
  ) => readonly ConnectedProgram[];
  readonly clock: Pick<Clock, "delay">;
  readonly log: Log;
  /**
   * The address that connecting programs are told from the start; `undefined`
   * for none.
   */
  readonly told?: PublisherAddress | undefined;
}

interface Waiting {
  readonly awaited: Map<SessionId, ConnectedProgram>;
  readonly answers: ToldNode[];
  readonly changed: Condition;
}

/** Order number for connecting programs: nobody waits for their answers. */
const UNASKED = 0;

/**
 * Tells every program of a node: each has its own connection to the publisher.
 */
export class NodeMoves {
  readonly #options: NodeMovesOptions;
  readonly #waiting = new Map<number, Waiting>();
  /** Programs already logged as unable to follow. */
  readonly #complained = new Set<string>();
  #told: PublisherAddress | undefined;
  #orders = UNASKED;

  /** @param options See {@link NodeMovesOptions}. */
  constructor(options: NodeMovesOptions) {
    this.#options = options;
    if (options.told !== undefined) this.announce(options.told);
  }

  /** The message for connecting programs; `undefined` for none. */
  get greeting(): Move | undefined {
    return this.#told === undefined
      ? undefined
      : { kind: "MOVE", order: UNASKED, ...this.#told };
  }

  /** Sets the address that connecting programs are told from now on. */
  announce({ controlUrl, streamUrl }: PublisherAddress): void {
    this.#told = { controlUrl, streamUrl };
    this.#complained.clear();
  }

  /**
   * Tells nodes the new address, and waits for their answers.
   *
   * @param waitMs Timeout in milliseconds.
   * @param signal Ends the wait.
   * @returns The answer of each program, in the order of the nodes.
   * @throws the signal's reason on abort.
   */
  async tell(
    nodes: readonly HostName[],
    { controlUrl, streamUrl }: PublisherAddress,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<readonly ToldNode[]> {
    const order = ++this.#orders;
    const waiting: Waiting = {
      awaited: new Map(),
      answers: [],
      changed: new Condition(),
    };
    this.#waiting.set(order, waiting);
    const { say, clock } = this.#options;
    const message: Move = { kind: "MOVE", order, controlUrl, streamUrl };
    try {
      for (const node of nodes) {
        const programs = say(node, message);
        for (const program of programs) {
          waiting.awaited.set(program.id, program);
        }
        if (programs.length > 0) continue;
        const away = { role: null, outcome: "away", detail: "" } as const;
        waiting.answers.push({ node, ...away });
      }
      await inTime(clock, waitMs, signal, async (ended) => {
        while (waiting.awaited.size > 0) await waiting.changed.wait(ended);
      });
    } finally {
      this.#waiting.delete(order);
    }
    for (const { node, role } of waiting.awaited.values()) {
      waiting.answers.push({ node, role, outcome: "silent", detail: "" });
    }
    return inOrder(waiting.answers, nodes);
  }

  /** Handles a program's answer. */
  note(
    { id, node, role }: ConnectedProgram,
    { order, outcome, detail }: Moved,
  ): void {
    const answer = { node, role, outcome, detail };
    if (order === UNASKED) this.#complain(answer);
    const waiting = this.#waiting.get(order);
    if (waiting?.awaited.delete(id) !== true) return;
    waiting.answers.push(answer);
    waiting.changed.notify();
  }

  /** Logs once for each program: a program connects again and again. */
  #complain({ node, role, outcome, detail }: ToldNode): void {
    if (outcome !== "configured" && outcome !== "failed") return;
    const program = `${canonicalHost(node)} ${role}`;
    if (this.#complained.has(program)) return;
    this.#complained.add(program);
    const event = "a node will not find the publisher where it will be";
    this.#options.log.record("warning", event, {
      ...{ node, outcome, detail },
      program: role ?? "",
      hint: "fail2ban-cluster node readdress says what is to be changed there",
    });
  }
}

function inOrder(
  answers: readonly ToldNode[],
  nodes: readonly HostName[],
): readonly ToldNode[] {
  const places = new Map(nodes.map((node, at) => [canonicalHost(node), at]));
  const place = ({ node }: ToldNode) => places.get(canonicalHost(node)) ?? 0;
  return answers.toSorted((left, right) =>
    place(left) - place(right) ||
    (left.role ?? "").localeCompare(right.role ?? "")
  );
}
