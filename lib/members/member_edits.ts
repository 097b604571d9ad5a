/**
 * Edits of the list of members. Each returns a new list with the next revision
 * and a journal entry.
 *
 * @module
 */

import { type Address, addressParts } from "../base/address.ts";
import type { PublicKey } from "../zmq/curve_key.ts";
import { RuntimeError } from "../base/errors.ts";
import { isNodeOrigin, isOperatorOrigin } from "../base/operator_name.ts";
import { type HostName, sameHost } from "../base/host_name.ts";
import type {
  AllowedNetwork,
  JournalEntry,
  Member,
  MemberList,
  MemberRights,
  PublisherHost,
  TokenDigest,
} from "./member.ts";
import {
  MAX_ALLOWED,
  MAX_JOURNAL,
  MAX_MEMBERS,
  MAX_NOTE_LENGTH,
  MAX_PUBLISHERS,
} from "./member_list_form.ts";

/** The widest networks that private use knows: 10.0.0.0/8 and fc00::/7. */
const LEAST_ALLOWED_BITS = { ipv4: 8, ipv6: 7 } as const;

/** Who edits, and when. */
export interface Editor {
  /**
   * The user; characters other than printable ASCII become `?` in the journal.
   */
  readonly by: string;
  /** In milliseconds since 1970. */
  readonly atMs: number;
}

/** The credentials that the publisher checks a node by. */
export interface MemberSecrets {
  /** The CURVE key that it connects with. */
  readonly publicKey: PublicKey;
  /** Digest of the token in its HELLO. */
  readonly tokenDigest: TokenDigest;
}

/** Finds a member. */
export function memberNamed(
  { members }: MemberList,
  name: HostName,
): Member | undefined {
  return members.find((member) => sameHost(member.name, name));
}

/**
 * Adds a member.
 *
 * @throws {RuntimeError} when the name is taken, or there is no room.
 */
export function withMember(
  list: MemberList,
  member: Omit<Member, "addedMs">,
  editor: Editor,
): MemberList {
  if (memberNamed(list, member.name) !== undefined) {
    throw new RuntimeError(`${member.name} is a member already`, {
      hint: `fail2ban-cluster node rotate ${member.name} gives it a new code`,
    });
  }
  if (!isNodeOrigin(member.name)) {
    throw new RuntimeError(`${member.name} is a reserved name`, {
      hint: isOperatorOrigin(member.name)
        ? "bans by operators are reported under that name"
        : "bans that the publisher derives have that name",
    });
  }
  if (list.members.length >= MAX_MEMBERS) {
    throw new RuntimeError(`a cluster has ${MAX_MEMBERS} members at most`);
  }
  const members = [...list.members, { ...member, addedMs: editor.atMs }];
  return edited({ ...list, members }, editor, {
    action: "node add",
    subject: member.name,
    detail: describeRights(member.rights),
  });
}

/**
 * Removes a member.
 *
 * @throws {RuntimeError} when no member has that name.
 */
export function withoutMember(
  list: MemberList,
  name: HostName,
  editor: Editor,
): MemberList {
  const member = existing(list, name);
  const members = list.members.filter((each) => each !== member);
  return edited({ ...list, members }, editor, {
    action: "node revoke",
    subject: member.name,
    detail: "",
  });
}

/**
 * Replaces a member's key and token; its rights stay.
 *
 * @throws {RuntimeError} when no member has that name.
 */
export function withNewSecrets(
  list: MemberList,
  name: HostName,
  secrets: MemberSecrets,
  editor: Editor,
): MemberList {
  const member = existing(list, name);
  const members = list.members.map((each) =>
    each === member ? { ...each, ...secrets } : each
  );
  return edited({ ...list, members }, editor, {
    action: "node rotate",
    subject: member.name,
    detail: "",
  });
}

/**
 * Adds a network to the allowlist; a listed one gets the new end and note.
 *
 * @param list The list.
 * @param added The network.
 * @param editor Who adds it.
 * @param isForced Whether it may be wider than any that somebody owns.
 * @throws {RuntimeError} when there is no room, or the network is too wide.
 */
export function withAllowed(
  list: MemberList,
  added: Omit<AllowedNetwork, "addedMs">,
  editor: Editor,
  isForced = false,
): MemberList {
  if (!isForced) refuseWideNetwork(added.network);
  const others = list.allowed.filter(({ network, untilMs }) =>
    network !== added.network && isCurrent(untilMs, editor.atMs)
  );
  if (others.length >= MAX_ALLOWED) {
    throw new RuntimeError(`the allowlist has ${MAX_ALLOWED} entries at most`);
  }
  const allowed = [...others, { ...added, addedMs: editor.atMs }];
  const until = added.untilMs === null
    ? ""
    : `until ${new Date(added.untilMs).toISOString()}`;
  return edited({ ...list, allowed }, editor, {
    action: "allow add",
    subject: added.network,
    detail: [until, added.note].filter((part) => part !== "").join(": ")
      .slice(0, MAX_NOTE_LENGTH),
  });
}

/** A network that nobody owns: all bans in it would be lifted. */
function refuseWideNetwork(network: Address): void {
  const { base, prefixBits } = addressParts(network);
  const least = LEAST_ALLOWED_BITS[base.kind()];
  if (prefixBits >= least) return;
  throw new RuntimeError(
    `${network} is wider than /${least}: every ban in it would be lifted, and none made`,
    { hint: `fail2ban-cluster allow add ${network} --force adds it` },
  );
}

/**
 * Removes a network from the allowlist.
 *
 * @throws {RuntimeError} when it is not listed.
 */
export function withoutAllowed(
  list: MemberList,
  network: Address,
  editor: Editor,
): MemberList {
  const allowed = list.allowed.filter((each) => each.network !== network);
  if (allowed.length === list.allowed.length) {
    throw new RuntimeError(`${network} is not on the allowlist`, {
      hint: "fail2ban-cluster allow list shows the entries",
    });
  }
  return edited({ ...list, allowed }, editor, {
    action: "allow remove",
    subject: network,
    detail: "",
  });
}

/**
 * Adds publishers; a known one gets the new address.
 *
 * @param added The new publisher, after those that are missing in the list.
 * @throws {RuntimeError} when there is no room.
 */
export function withPublishers(
  list: MemberList,
  added: readonly Omit<PublisherHost, "addedMs">[],
  editor: Editor,
): MemberList {
  return added.reduce((before, host) => {
    const others = (before.publishers ?? []).filter(({ name }) =>
      !sameHost(name, host.name)
    );
    if (others.length >= MAX_PUBLISHERS) {
      throw new RuntimeError(
        `a cluster has ${MAX_PUBLISHERS} publishers at most`,
      );
    }
    const publishers = [...others, { ...host, addedMs: editor.atMs }];
    return edited({ ...before, publishers }, editor, {
      action: "publisher add",
      subject: host.name,
      detail: host.controlUrl.slice(0, MAX_NOTE_LENGTH),
    });
  }, list);
}

/**
 * Removes a publisher.
 *
 * @throws {RuntimeError} when none has that name.
 */
export function withoutPublisher(
  { publishers = [], ...list }: MemberList,
  name: HostName,
  editor: Editor,
): MemberList {
  const others = publishers.filter((each) => !sameHost(each.name, name));
  if (others.length === publishers.length) {
    throw new RuntimeError(`there is no publisher ${name}`, {
      hint: "fail2ban-cluster publisher list shows the publishers",
    });
  }
  const left = others.length === 0 ? list : { ...list, publishers: others };
  return edited(left, editor, {
    action: "publisher remove",
    subject: name,
    detail: "",
  });
}

/** The entries of the allowlist that have not ended at a time. */
export function allowedAt(
  { allowed }: MemberList,
  nowMs: number,
): readonly AllowedNetwork[] {
  return allowed.filter(({ untilMs }) => isCurrent(untilMs, nowMs));
}

/** Describes a member's rights in a few words. */
export function describeRights(
  { roles, jails, mayUnban, maxPerSecond }: MemberRights,
): string {
  return [
    roles.join(","),
    `jails ${jails.join(",")}`,
    ...(mayUnban ? ["may unban"] : []),
    ...(maxPerSecond === null ? [] : [`${maxPerSecond}/s`]),
  ].join("; ").slice(0, MAX_NOTE_LENGTH);
}

function isCurrent(untilMs: number | null, nowMs: number): boolean {
  return untilMs === null || untilMs > nowMs;
}

function existing(list: MemberList, name: HostName): Member {
  const member = memberNamed(list, name);
  if (member !== undefined) return member;
  throw new RuntimeError(`there is no member ${name}`, {
    hint: "fail2ban-cluster node list shows the members",
  });
}

function edited(
  list: MemberList,
  { by, atMs }: Editor,
  what: Pick<JournalEntry, "action" | "subject" | "detail">,
): MemberList {
  const revision = list.revision + 1;
  const entry = { revision, atMs, by: journalWords(by), ...what };
  const journal = [...list.journal, entry]
    .slice(-MAX_JOURNAL);
  return { ...list, revision, journal };
}

/**
 * Text fit for the journal: a user's name comes from the environment and may
 * have any characters.
 */
export function journalWords(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, MAX_NOTE_LENGTH);
}
