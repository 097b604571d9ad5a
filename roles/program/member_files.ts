/**
 * The files of keys and members: their paths, and how to repair a damaged one.
 * Their content exists nowhere else, so a person must decide.
 *
 * @module
 */

import {
  IDENTITY_FORM,
  MEMBERSHIP_FORM,
} from "../../lib/members/identity_forms.ts";
import {
  identityPath,
  memberListPath,
  membershipPath,
  SecretFile,
} from "../../lib/members/io/secret_file.ts";
import type {
  MemberList,
  Membership,
  PublisherIdentity,
} from "../../lib/members/member.ts";
import { MEMBER_LIST_FORM } from "../../lib/members/member_list_form.ts";

/** The publisher's keys. */
export function identityFile(stateDir: string): SecretFile<PublisherIdentity> {
  return new SecretFile(identityPath(stateDir), IDENTITY_FORM, {
    mend: (aside) =>
      "put it back from a backup; or make new keys, for which every node needs " +
      `a new code of node rotate; run: ${aside} && fail2ban-cluster init --address HOST`,
  });
}

/** The publisher's list of members. */
export function memberListFile(stateDir: string): SecretFile<MemberList> {
  return new SecretFile(memberListPath(stateDir), MEMBER_LIST_FORM, {
    mend: (aside) =>
      "put it back from a backup; or begin a new one, to which every node has " +
      `to be added again; run: ${aside}`,
  });
}

/**
 * A node's membership.
 *
 * @param stateDir The state folder.
 * @param name The node's name, for the hint; `undefined` when unknown.
 */
export function membershipFile(
  stateDir: string,
  name = "NAME",
): SecretFile<Membership> {
  return new SecretFile(membershipPath(stateDir), MEMBERSHIP_FORM, {
    mend: () =>
      "put it back from a backup; or join again; run: " +
      `fail2ban-cluster node rotate ${name} (on the hub), then here: fail2ban-cluster join CODE`,
  });
}
