/**
 * Keys and files of a cluster's members, as `fail2ban-cluster` makes them.
 *
 * @module
 */

import { createHash, randomBytes } from "node:crypto";
import type { CurveKeys } from "../../../lib/zmq/curve_key.ts";
import type {
  Member,
  MemberList,
  MemberRights,
  Membership,
  TokenDigest,
} from "../../../lib/members/member.ts";
import {
  IDENTITY_FORM,
  MEMBERSHIP_FORM,
} from "../../../lib/members/identity_forms.ts";
import {
  identityPath,
  memberListPath,
  membershipPath,
} from "../../../lib/members/io/secret_file.ts";
import { MEMBER_LIST_FORM } from "../../../lib/members/member_list_form.ts";
import type { ClientSecurity } from "../../../lib/zmq/socket_options.ts";
import { host } from "../values/core_values.ts";
import { newCurveKeys } from "../values/curve_keys.ts";

const RIGHTS: MemberRights = {
  roles: ["monitor", "subscriber"],
  jails: ["*"],
  mayUnban: false,
  // So high that only tests about rates meet the limit.
  maxPerSecond: 1_000_000,
};

/** The publisher's URLs. */
export interface TestUrls {
  readonly controlUrl: string;
  readonly streamUrl: string;
}

/** Members of one publisher. Writes every change to each state folder. */
export class TestMembers {
  readonly publisherKeys: CurveKeys = newCurveKeys();
  readonly #urls: TestUrls;
  readonly #members = new Map<string, Member>();
  readonly #states = new Set<string>();
  #revision = 0;

  constructor({ controlUrl, streamUrl }: TestUrls) {
    this.#urls = { controlUrl, streamUrl };
  }

  /** The current list. */
  get list(): MemberList {
    const members = [...this.#members.values()];
    return { revision: this.#revision, members, allowed: [], journal: [] };
  }

  /** Adds a node, or gives it new keys, without writing its files. */
  add(name: string, rights: Partial<MemberRights> = {}): Membership {
    const keys = newCurveKeys();
    const token = randomBytes(32).toString("base64url");
    const digest = createHash("sha256").update(token).digest("hex");
    this.#members.set(name, {
      name: host(name),
      publicKey: keys.publicKey,
      tokenDigest: digest as TokenDigest,
      rights: { ...RIGHTS, ...rights },
      addedMs: 0,
    });
    this.#edited();
    const publisherKey = this.publisherKeys.publicKey;
    return { node: host(name), keys, publisherKey, token, ...this.#urls };
  }

  /** Removes a node. */
  revoke(name: string): void {
    this.#members.delete(name);
    this.#edited();
  }

  /** Makes a state folder the publisher's; it receives the list from now on. */
  serveFrom(stateDir: string): void {
    if (this.#states.has(stateDir)) return;
    Deno.mkdirSync(`${stateDir}/members`, { recursive: true, mode: 0o700 });
    const keys = this.publisherKeys;
    const identity = IDENTITY_FORM.encode({ keys, ...this.#urls });
    replace(identityPath(stateDir), identity);
    this.#states.add(stateDir);
    // No new revision: publishers of one table have the same list.
    this.#write([stateDir]);
  }

  #edited(): void {
    this.#revision++;
    this.#write([...this.#states]);
  }

  #write(states: readonly string[]): void {
    const text = MEMBER_LIST_FORM.encode(this.list);
    for (const state of states) replace(memberListPath(state), text);
  }
}

/** Stores a node's membership. */
export function join(stateDir: string, membership: Membership): void {
  replace(membershipPath(stateDir), MEMBERSHIP_FORM.encode(membership));
}

/** Connection security of a node. */
export function securityOf(
  { keys, publisherKey }: Membership,
): ClientSecurity {
  return { keys, serverKey: publisherKey };
}

function replace(path: string, text: string): void {
  Deno.writeTextFileSync(`${path}.new`, text, { mode: 0o600 });
  Deno.renameSync(`${path}.new`, path);
}
