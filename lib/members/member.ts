/**
 * The members of the cluster and their rights.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { NodeRole } from "../base/ids.ts";
import type { CurveKeys, PublicKey } from "../zmq/curve_key.ts";
import type { HostName } from "../base/host_name.ts";

/** SHA-256 of a token: 64 lower-case hexadecimal digits. */
export type TokenDigest = string & { readonly brand: "TokenDigest" };

/** The rights of a node. */
export interface MemberRights {
  /** Which programs may connect as this node. */
  readonly roles: readonly NodeRole[];
  /**
   * Patterns of the jails that it may report, as in `jailmap`; `*` stands for
   * any characters.
   */
  readonly jails: readonly string[];
  /** Whether its unban also lifts bans that others reported. */
  readonly mayUnban: boolean;
  /**
   * Maximum long-term rate of events per second; `null`: the publisher's
   * `ratelimit`.
   */
  readonly maxPerSecond: number | null;
}

/** A node that the publisher admits. */
export interface Member {
  /** Its name in the cluster. */
  readonly name: HostName;
  /** The key with which it connects. */
  readonly publicKey: PublicKey;
  /** Digest of its token. */
  readonly tokenDigest: TokenDigest;
  /** Its rights. */
  readonly rights: MemberRights;
  /** When it was added, in milliseconds since 1970. */
  readonly addedMs: number;
}

/** One of several publishers. */
export interface PublisherHost extends PublisherAddress {
  /** The name of its host. */
  readonly name: HostName;
  /** When it was added, in milliseconds since 1970. */
  readonly addedMs: number;
}

/** An entry of the cluster's allowlist. */
export interface AllowedNetwork {
  /** An address or a prefix. */
  readonly network: Address;
  /**
   * When the entry ends, in milliseconds since 1970; `null`: when it is
   * removed.
   */
  readonly untilMs: number | null;
  /** The operator's note; may be empty. */
  readonly note: string;
  /** When it was added, in milliseconds since 1970. */
  readonly addedMs: number;
}

/** A change that an operator made, for the audit. Holds no secret. */
export interface JournalEntry {
  /** Number of the change: from 1, without gaps. */
  readonly revision: number;
  /** When it was made, in milliseconds since 1970. */
  readonly atMs: number;
  /** The user who made it. */
  readonly by: string;
  /** The action, such as `node add`. */
  readonly action: string;
  /** What was changed: a node's name, a network. */
  readonly subject: string;
  /** Details; may be empty. */
  readonly detail: string;
}

/** The publisher's list of members and of the networks that nobody may ban. */
export interface MemberList {
  /** Number of its last change. */
  readonly revision: number;
  /** The admitted nodes. */
  readonly members: readonly Member[];
  /** The allowlist. */
  readonly allowed: readonly AllowedNetwork[];
  /** The last changes, oldest first. */
  readonly journal: readonly JournalEntry[];
  /** The publishers, where there are several. @default {[]} */
  readonly publishers?: readonly PublisherHost[];
}

/** Where nodes reach a publisher. */
export interface PublisherAddress {
  /** URL at which nodes reach its control socket, in ZeroMQ's form. */
  readonly controlUrl: string;
  /** URL at which nodes reach its stream, likewise. */
  readonly streamUrl: string;
}

/** The publisher's keys and URLs. */
export interface PublisherIdentity extends PublisherAddress {
  readonly keys: CurveKeys;
  /** Whether nodes that joined earlier are told these URLs. @default {false} */
  readonly isTold?: boolean;
}

/**
 * A node's keys and token for joining: the contents of a join code, and the
 * addresses that the publisher announced later. The URLs here are the join
 * code's.
 */
export interface Membership extends PublisherAddress {
  /** The node's name in the cluster. */
  readonly node: HostName;
  /** The node's own keys. */
  readonly keys: CurveKeys;
  /** The publisher's public key. */
  readonly publisherKey: PublicKey;
  /**
   * The node's secret for HELLO: 256 random bits, 43 characters of base64url.
   */
  readonly token: string;
  /** Addresses that the publisher announced, the latest first. @default {[]} */
  readonly moved?: readonly PublisherAddress[];
}
