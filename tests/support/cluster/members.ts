/**
 * Members of a cluster, as values.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Authenticator } from "../../../lib/publisher/authenticator.ts";
import { parsePublicKey, type PublicKey } from "../../../lib/zmq/curve_key.ts";
import type {
  Member,
  MemberList,
  MemberRights,
  TokenDigest,
} from "../../../lib/members/member.ts";
import type { ListChanges } from "../../../lib/publisher/connection_gate.ts";
import type { Protocol2Service } from "../../../lib/publisher/protocol2_server.ts";
import { Condition } from "../../../lib/async/tasks.ts";
import { encodeZ85 } from "../../../lib/zmq/z85.ts";
import { host } from "../values/core_values.ts";
import { MemoryPort } from "../memory/memory_port.ts";
import { MemorySocket } from "../memory/memory_socket.ts";

/** A node's rights by default. */
export const ALL_RIGHTS: MemberRights = {
  roles: ["monitor", "subscriber"],
  jails: ["*"],
  mayUnban: false,
  maxPerSecond: null,
};

/** The token of a member in tests that ignore tokens. */
export function tokenOf(name: string): string {
  return `token-of-${name}`;
}

/** A public key derived from a word; nobody has its secret half. */
export function keyOf(word: string): PublicKey {
  const bytes = createHash("sha256").update(word).digest();
  const key = parsePublicKey(encodeZ85(bytes));
  if (key === undefined) throw new Error("Not a key");
  return key;
}

/** A member with `tokenOf(name)` and `keyOf(name)`. */
export function member(name: string, others: Partial<Member> = {}): Member {
  return {
    name: host(name),
    publicKey: keyOf(name),
    tokenDigest: digestOf(tokenOf(name)),
    rights: ALL_RIGHTS,
    addedMs: 0,
    ...others,
  };
}

/** The stored digest of a token. */
export function digestOf(token: string): TokenDigest {
  const digest = createHash("sha256").update(token).digest("hex");
  return digest as TokenDigest;
}

/** A list of members. */
export function memberList(...members: readonly Member[]): MemberList {
  return { revision: 1, members, allowed: [], journal: [] };
}

/** Accepts everybody under the name they claim. */
export const OPEN_GATE: Authenticator = {
  list: memberList(),
  describe: () => undefined,
  admitted: () => host("anybody"),
  listener: () => host("anybody"),
  authenticate: ({ node }) =>
    Promise.resolve({ ok: true, member: member(node) }),
  setMembers: () => ({ expelled: [], changed: [] }),
};

/** Gives lists one after the other at once. */
export function listChanges(...lists: readonly MemberList[]): ListChanges {
  return async function* (signal) {
    yield* lists;
    await new Condition().wait(signal).catch(() => {});
  };
}

/** A publisher's service over sockets in memory, by default for everybody. */
export function memoryService(
  sockets: { readonly control: MemorySocket; readonly stream: MemorySocket },
  others: Partial<Protocol2Service> = {},
): Protocol2Service {
  return {
    ...sockets,
    zap: new MemorySocket(),
    connections: { control: new MemoryPort(), stream: new MemoryPort() },
    authenticator: OPEN_GATE,
    memberChanges: listChanges(),
    ...others,
  };
}
