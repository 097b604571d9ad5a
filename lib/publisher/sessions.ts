/**
 * Who is connected to the publisher, by the session that WELCOME handed out.
 *
 * @module
 */

import type { NodeRole, SessionId } from "../base/ids.ts";
import { type HostName, sameHost } from "../base/host_name.ts";
import type { Member } from "../members/member.ts";
import type { Frames } from "../zmq/ports.ts";

/** A connection that said HELLO. */
export interface NodeSession {
  readonly id: SessionId;
  /** Where the connection is reached. */
  readonly route: string;
  /** The member's name. */
  readonly node: HostName;
  /** Who it is, with the rights that it had when the session began. */
  readonly member: Member;
  readonly role: NodeRole;
  /** The program's version. */
  readonly version: string;
}

/** Options for {@link Sessions}. */
export interface SessionsOptions {
  /** Makes a session's id that nobody can guess. */
  readonly newId: () => SessionId;
  /** Told when a session is no longer known. */
  readonly onEnd: (id: SessionId) => void;
  /** Sessions at most; above it the one that was silent longest has to say HELLO again. @default {4096} */
  readonly maxSessions?: number;
  /** Sessions of a node in a role, likewise. @default {8} */
  readonly maxOfNode?: number;
}

/** A session's id comes first in a message. */
const SEARCHED_BYTES = 256;

/** Keeps the sessions. A connection has one at a time. */
export class Sessions {
  readonly #options: Required<SessionsOptions>;
  /** The one that was silent longest first. */
  readonly #sessions = new Map<SessionId, NodeSession>();
  readonly #byRoute = new Map<string, SessionId>();

  /** @param options How the book is set up. */
  constructor(options: SessionsOptions) {
    this.#options = { maxSessions: 4_096, maxOfNode: 8, ...options };
  }

  /** How many are known. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Begins a session; one that the connection had before ends. */
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

  /** The sessions, the one that was silent longest first. */
  all(): readonly NodeSession[] {
    return [...this.#sessions.values()];
  }

  /**
   * The session that a message carries which is not understood otherwise, if
   * its connection has one.
   */
  sessionMentionedIn(route: string, frames: Frames): NodeSession | undefined {
    const session = this.#sessions.get(this.#byRoute.get(route) as SessionId);
    const body = frames.at(-1)?.subarray(0, SEARCHED_BYTES);
    if (session === undefined || body === undefined) return undefined;
    const text = new TextDecoder("latin1").decode(body);
    return text.includes(session.id) ? session : undefined;
  }

  /**
   * Finds a session.
   *
   * @param id What the message carries.
   * @param route Where it came from: another connection's session is none.
   */
  find(id: SessionId, route: string): NodeSession | undefined {
    const session = this.#sessions.get(id);
    if (session?.route !== route) return undefined;
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    return session;
  }

  /** A session by its id, wherever that came from. */
  get(id: SessionId): NodeSession | undefined {
    return this.#sessions.get(id);
  }

  /** The sessions of a node, likewise. */
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
