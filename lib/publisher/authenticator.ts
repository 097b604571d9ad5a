/**
 * Decides who may connect to the publisher, by the current list of members.
 *
 * @module
 */

import type { ErrorCode, NodeMessage } from "../wire/v2_messages.ts";
import type { PublicKey } from "../zmq/curve_key.ts";
import { canonicalHost, type HostName, sameHost } from "../base/host_name.ts";
import { knownTokenAt } from "../base/secrets.ts";
import type { Member, MemberList, TokenDigest } from "../members/member.ts";
import { digestToken } from "../members/token_digest.ts";

/** The first message of a node. */
export type Hello = Extract<NodeMessage, { readonly kind: "HELLO" }>;

/** The result of authenticating a HELLO. */
export type HelloVerdict =
  | { readonly ok: true; readonly member: Member }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** The nodes that a new list affects. */
export interface ListDifference {
  /** Nodes to disconnect: no longer members, or with another key or token. */
  readonly expelled: readonly HostName[];
  /** Nodes with other rights, which must say HELLO again. */
  readonly changed: readonly HostName[];
}

/** Decides who may connect. */
export interface Authenticator {
  /** The current list. */
  readonly list: MemberList;
  /** The member that may connect with a key; `undefined` when none may. */
  admitted(key: PublicKey): HostName | undefined;
  /**
   * The member that may read the stream with a key; `undefined` when none may.
   */
  listener(key: PublicKey): HostName | undefined;
  /**
   * The present or former owner of a key, and why it is refused; `undefined`
   * when unknown.
   */
  describe(key: PublicKey): string | undefined;
  /** Authenticates a HELLO. */
  authenticate(hello: Hello): Promise<HelloVerdict>;
  /** Replaces the list. */
  setMembers(list: MemberList): ListDifference;
}

/**
 * Maximum number of HELLOs being authenticated; beyond it a node is told to
 * retry.
 */
const MAX_JUDGED = 256;
/**
 * Maximum number of former keys whose owners are remembered; beyond it the
 * oldest is forgotten.
 */
const MAX_FORMER = 4_096;

/** Authenticates by a list of members. */
export class MemberAuthenticator implements Authenticator {
  readonly #isSuspended: (name: HostName) => boolean;
  #list: MemberList;
  #byKey: ReadonlyMap<PublicKey, Member>;
  #judged = 0;
  /** Owners of keys that became invalid since this program started. */
  readonly #former = new Map<PublicKey, HostName>();

  /**
   * Creates an authenticator with a list.
   *
   * @param list The first list.
   * @param isSuspended Whether a member is refused until it is released.
   */
  constructor(
    list: MemberList,
    isSuspended: (name: HostName) => boolean = () => false,
  ) {
    this.#isSuspended = isSuspended;
    this.#list = list;
    this.#byKey = byKey(list);
  }

  /** The current list. */
  get list(): MemberList {
    return this.#list;
  }

  admitted(key: PublicKey): HostName | undefined {
    const name = this.#byKey.get(key)?.name;
    return name === undefined || this.#isSuspended(name) ? undefined : name;
  }

  listener(key: PublicKey): HostName | undefined {
    const roles = this.#byKey.get(key)?.rights.roles ?? [];
    return roles.includes("subscriber") ? this.admitted(key) : undefined;
  }

  describe(key: PublicKey): string | undefined {
    const member = this.#byKey.get(key);
    if (member !== undefined) {
      const why = this.#isSuspended(member.name)
        ? "set aside until it is released"
        : "it may not connect there";
      return `${member.name} (${why})`;
    }
    const former = this.#former.get(key);
    return former === undefined
      ? undefined
      : `${former} (its key was revoked or rotated)`;
  }

  async authenticate(hello: Hello): Promise<HelloVerdict> {
    if (this.#judged >= MAX_JUDGED) {
      return refusal("busy", "too many say HELLO");
    }
    this.#judged++;
    try {
      const digest = await digestToken(hello.token);
      // No await from here on: the list is the current one.
      return this.#authenticate(hello, this.#memberOf(digest));
    } finally {
      this.#judged--;
    }
  }

  #authenticate(
    { node, role }: Hello,
    member: Member | undefined,
  ): HelloVerdict {
    if (member === undefined || !sameHost(member.name, node)) {
      return refusal("token", "the token is not that node's");
    }
    if (this.#isSuspended(member.name)) {
      return refusal("aside", "the node is set aside");
    }
    if (!member.rights.roles.includes(role)) {
      return refusal("rights", `the node may not be a ${role}`);
    }
    return { ok: true, member };
  }

  setMembers(list: MemberList): ListDifference {
    const before = this.#list.members;
    this.#list = list;
    this.#byKey = byKey(list);
    const expelled: HostName[] = [];
    const changed: HostName[] = [];
    const byName = new Map(
      list.members.map((each) => [canonicalHost(each.name), each]),
    );
    for (const old of before) {
      if (!this.#byKey.has(old.publicKey)) this.#noteFormer(old);
      const now = byName.get(canonicalHost(old.name));
      if (
        now === undefined || hasOtherSecrets(old, now) ||
        mayReadNoMore(old, now)
      ) {
        expelled.push(old.name);
      } else if (hasOtherRights(old, now)) {
        changed.push(old.name);
      }
    }
    return { expelled, changed };
  }

  #noteFormer({ publicKey, name }: Member): void {
    this.#former.set(publicKey, name);
    const [oldest] = this.#former.keys();
    if (this.#former.size > MAX_FORMER && oldest !== undefined) {
      this.#former.delete(oldest);
    }
  }

  /** Compares every member, so that timing does not reveal the match. */
  #memberOf(digest: TokenDigest): Member | undefined {
    const { members } = this.#list;
    const at = knownTokenAt(
      digest,
      members.map(({ tokenDigest }) => tokenDigest),
    );
    return at === undefined ? undefined : members[at];
  }
}

function byKey({ members }: MemberList): ReadonlyMap<PublicKey, Member> {
  return new Map(members.map((member) => [member.publicKey, member]));
}

function hasOtherSecrets(old: Member, now: Member): boolean {
  return old.publicKey !== now.publicKey || old.tokenDigest !== now.tokenDigest;
}

/** Whether its connection to the stream must be cut. */
function mayReadNoMore({ rights: old }: Member, { rights: now }: Member) {
  return old.roles.includes("subscriber") && !now.roles.includes("subscriber");
}

function hasOtherRights({ rights: old }: Member, { rights: now }: Member) {
  return String(old.roles) !== String(now.roles) ||
    String(old.jails) !== String(now.jails) ||
    old.mayUnban !== now.mayUnban || old.maxPerSecond !== now.maxPerSecond;
}

function refusal(code: ErrorCode, message: string): HelloVerdict {
  return { ok: false, code, message };
}
