/**
 * Whom the publisher lets in, by the list of members that counts now.
 *
 * @module
 */

import type { ErrorCode, NodeMessage } from "../wire/v2_messages.ts";
import type { PublicKey } from "../zmq/curve_key.ts";
import { canonicalHost, type HostName, sameHost } from "../base/host_name.ts";
import { knownTokenAt } from "../base/secrets.ts";
import type { Member, MemberList, TokenDigest } from "../members/member.ts";
import { digestToken } from "../members/token_digest.ts";

/** What a node says first. */
export type Hello = Extract<NodeMessage, { readonly kind: "HELLO" }>;

/** What becomes of a HELLO. */
export type HelloVerdict =
  | { readonly ok: true; readonly member: Member }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** Whom a new list concerns. */
export interface ListDifference {
  /** Whose connections end: they are members no more, or with another key or token. */
  readonly expelled: readonly HostName[];
  /** Who has other rights, and says HELLO again. */
  readonly changed: readonly HostName[];
}

/** Decides who comes in. */
export interface Authenticator {
  /** The list that counts. */
  readonly list: MemberList;
  /** Whose connection with that key may be made; `undefined`: nobody's. */
  admitted(key: PublicKey): HostName | undefined;
  /** Whose connection with that key may hear the stream, likewise. */
  listener(key: PublicKey): HostName | undefined;
  /** Whose a key is or was, and why it is refused; `undefined`: nobody's that is known. */
  describe(key: PublicKey): string | undefined;
  /** Which member says HELLO. */
  authenticate(hello: Hello): Promise<HelloVerdict>;
  /** Goes by another list from now on. */
  setMembers(list: MemberList): ListDifference;
}

/** HELLOs that may wait to be judged; above it a node is told to try again. */
const MAX_JUDGED = 256;
/** Keys of former members whose names are remembered; then the oldest is forgotten. */
const MAX_FORMER = 4_096;

/** Goes by a list. */
export class MemberAuthenticator implements Authenticator {
  readonly #isSuspended: (name: HostName) => boolean;
  #list: MemberList;
  #byKey: ReadonlyMap<PublicKey, Member>;
  #judged = 0;
  /** Whose keys were valid before, since this program began. */
  readonly #former = new Map<PublicKey, HostName>();

  /**
   * Makes one that goes by a list.
   *
   * @param list The list that counts first.
   * @param isSuspended Says whose connections are refused for a while, though
   * it is a member.
   */
  constructor(
    list: MemberList,
    isSuspended: (name: HostName) => boolean = () => false,
  ) {
    this.#isSuspended = isSuspended;
    this.#list = list;
    this.#byKey = byKey(list);
  }

  /** The list that counts. */
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
      // Nothing is waited for any more: the list is the one that counts now.
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

  /** Every member is compared, so that time does not tell which it is. */
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

/** Its connection to the stream has to go. */
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
