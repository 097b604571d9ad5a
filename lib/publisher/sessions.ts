/**
 * The sessions of connected nodes, by the id that WELCOME gave them.
 *
 * @module
 */

import type { NodeRole, SessionId } from "../base/ids.ts";
import { type HostName, sameHost } from "../base/host_name.ts";
import type { Member } from "../members/member.ts";
import type { Frames } from "../zmq/ports.ts";

/** A session, which begins with a HELLO. */
export interface NodeSession {
  readonly id: SessionId;
  /** Return address of the connection. */
  readonly route: string;
  /** The member's name. */
  readonly node: HostName;
  /** The member, with its rights at the session's start. */
  readonly member: Member;
  readonly role: NodeRole;
  /** The program's version. */
  readonly version: string;
}

/** Options for {@link Sessions}. */
export interface SessionsOptions {
  /** Creates an unguessable session id. */
  readonly newId: () => SessionId;
  /** Called when a session ends. */
  readonly onEnd: (id: SessionId) => void;
  /**
   * Maximum number of sessions; beyond it the longest silent must say HELLO
   * again. @default {4096}
   */
  readonly maxSessions?: number;
  /**
   * Maximum number of sessions of a node in a role, with the same rule.
   * @default {8}
   */
  readonly maxOfNode?: number;
}

/** How far to search for a session's id, which comes first in a message. */
const SEARCHED_BYTES = 256;

/** Keeps the sessions. A connection has one at a time. */
export class Sessions {
  readonly #options: Required<SessionsOptions>;
  /** The longest silent first. */
  readonly #sessions = new Map<SessionId, NodeSession>();
  readonly #byRoute = new Map<string, SessionId>();

  /** @param options See {@link SessionsOptions}. */
  constructor(options: SessionsOptions) {
    this.#options = { maxSessions: 4_096, maxOfNode: 8, ...options };
  }

  /** Number of sessions. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Starts a session; ends an earlier one of the same connection. */
  start(who: Omit<NodeSession, "id">): NodeSession {
    const before = this.#byRoute.get(who.route);
    if (before !== undefined) this.#end(before);
    const session = { ...who, id: this.#options.newId() };
    this.#sessions.set(session.id, session);
    this.#byRoute.set(who.route, session.id);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > this.#options.maxSessions && oldest) {
      this.#end(oldest);
    }
    const ofNode = this.#ofNode(who);
    const [first] = ofNode;
    if (ofNode.length > this.#options.maxOfNode && first) this.#end(first.id);
    return session;
  }

  /** All sessions, the longest silent first. */
  all(): readonly NodeSession[] {
    return [...this.#sessions.values()];
  }

  /**
   * Finds a connection's session by its id in a message that can't be decoded.
   */
  sessionMentionedIn(route: string, frames: Frames): NodeSession | undefined {
    const session = this.#sessions.get(this.#byRoute.get(route) as SessionId);
    const body = frames.at(-1)?.subarray(0, SEARCHED_BYTES);
    if (session === undefined || body === undefined) return undefined;
    const text = new TextDecoder("latin1").decode(body);
    return text.includes(session.id) ? session : undefined;
  }

  /**
   * Finds a session, and marks it as active.
   *
   * @param id The session's id in the message.
   * @param route The message's return address; it must be the session's own.
   */
  find(id: SessionId, route: string): NodeSession | undefined {
    const session = this.#sessions.get(id);
    if (session?.route !== route) return undefined;
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    return session;
  }

  /** A session by its id, from any connection. */
  get(id: SessionId): NodeSession | undefined {
    return this.#sessions.get(id);
  }

  /** The sessions of a node. */
  of(node: HostName): readonly NodeSession[] {
    return this.all().filter((session) => sameHost(session.node, node));
  }

  /** Ends the sessions of a node, in all roles or in one. */
  endOf(node: HostName, role?: NodeRole): void {
    for (const session of this.of(node)) {
      if (session.role === (role ?? session.role)) this.#end(session.id);
    }
  }

  /** Ends a session. */
  end(id: SessionId): void {
    this.#end(id);
  }

  #ofNode(
    { node, role }: Pick<NodeSession, "node" | "role">,
  ): readonly NodeSession[] {
    return this.all().filter((each) =>
      each.role === role && each.node === node
    );
  }

  #end(id: SessionId): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#sessions.delete(id);
    this.#byRoute.delete(session.route);
    this.#options.onEnd(id);
  }
}
