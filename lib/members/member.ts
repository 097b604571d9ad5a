/**
 * Who belongs to the cluster, and what each may do.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { NodeRole } from "../base/ids.ts";
import type { CurveKeys, PublicKey } from "../zmq/curve_key.ts";
import type { HostName } from "../base/host_name.ts";

/** SHA-256 of a token: 64 lower-case hexadecimal digits. */
export type TokenDigest = string & { readonly brand: "TokenDigest" };

/** What a node may do. */
export interface MemberRights {
  /** What its connections may be for: reading and writing are separate. */
  readonly roles: readonly NodeRole[];
  /** Of which jails it may report; patterns as in `jailmap`, `*` for any characters. */
  readonly jails: readonly string[];
  /** Whether its unban lifts what others reported as well. */
  readonly mayUnban: boolean;
  /** Events in a second at most, in the long run; `null`: the publisher's `ratelimit`. */
  readonly maxPerSecond: number | null;
}

/** A node that the publisher admits. */
export interface Member {
  /** Its name in the cluster. */
  readonly name: HostName;
  /** With which it connects. */
  readonly publicKey: PublicKey;
  /** Of the secret that it says HELLO with. */
  readonly tokenDigest: TokenDigest;
  /** What it may do. */
  readonly rights: MemberRights;
  /** When it was added, in milliseconds since 1970. */
  readonly addedMs: number;
}

/** Who is never banned in the whole cluster. */
export interface AllowedNetwork {
  /** An address or a prefix. */
  readonly network: Address;
  /** Until when, in milliseconds since 1970; `null`: until it is removed. */
  readonly untilMs: number | null;
  /** Why, in the operator's words; may be empty. */
  readonly note: string;
  /** When it was added, in milliseconds since 1970. */
  readonly addedMs: number;
}

/** What an operator changed, for the audit. Holds no secret. */
export interface JournalEntry {
  /** Counts the changes of one list, from 1, without a gap. */
  readonly revision: number;
  /** In milliseconds since 1970. */
  readonly atMs: number;
  /** The user who did it. */
  readonly by: string;
  /** What was done, as in `node add`. */
  readonly action: string;
  /** To whom or what: a node's name, a network. */
  readonly subject: string;
  /** With what; may be empty. */
  readonly detail: string;
}

/** The publisher's list: who is a member, and whom nobody may ban. */
export interface MemberList {
  /** Counts its changes. */
  readonly revision: number;
  /** Who is admitted. */
  readonly members: readonly Member[];
  /** Who is never banned. */
  readonly allowed: readonly AllowedNetwork[];
  /** The last changes, oldest first. */
  readonly journal: readonly JournalEntry[];
}

/** The publisher's own, beside its list. */
export interface PublisherIdentity {
  readonly keys: CurveKeys;
  /** Where nodes reach its control socket, as ZeroMQ takes it. */
  readonly controlUrl: string;
  /** Where they reach its stream, likewise. */
  readonly streamUrl: string;
}

/** What a node has to join with: all that a join code holds. */
export interface Membership {
  /** The node's name in the cluster. */
  readonly node: HostName;
  /** The node's own keys. */
  readonly keys: CurveKeys;
  /** The publisher's. */
  readonly publisherKey: PublicKey;
  /** The node's secret for HELLO: 43 characters of base64url, 256 random bits. */
  readonly token: string;
  readonly controlUrl: string;
  readonly streamUrl: string;
}
