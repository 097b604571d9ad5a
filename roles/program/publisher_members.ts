/**
 * The publisher's own keys, and the members that it goes by.
 *
 * @module
 */

import type { PublisherConfig } from "../../lib/config.ts";
import { IDENTITY_FORM } from "../../lib/identity_forms.ts";
import {
  identityPath,
  memberListPath,
  SecretFile,
} from "../../lib/io/secret_file.ts";
import type { MemberList, PublisherIdentity } from "../../lib/member.ts";
import { MEMBER_LIST_FORM, NO_MEMBERS } from "../../lib/member_list.ts";
import type { RoleContext } from "./role_program.ts";

/** The files, read. */
export interface PublisherMembers {
  readonly identity: PublisherIdentity;
  /** The list as it was when the program began. */
  readonly list: MemberList;
  /** Gives each list that follows, until aborted. */
  changes(signal: AbortSignal): AsyncIterable<MemberList>;
}

/**
 * Reads the publisher's files.
 *
 * @returns `undefined` when this host was not made a publisher of protocol 2.
 * @throws {RuntimeError} when a file is not good.
 */
export async function readPublisherMembers(
  { config, log, onReload }: Pick<
    RoleContext<"publisher">,
    "config" | "log" | "onReload"
  >,
): Promise<PublisherMembers | undefined> {
  const { identity, file, list } = await readFiles(config);
  if (identity === undefined) return undefined;
  onReload(() => file.look());
  return { identity, list, changes: (signal) => file.watch(signal, log) };
}

/** For `check`: throws what is not good. */
export async function checkPublisherMembers(
  config: PublisherConfig,
): Promise<void> {
  await readFiles(config);
}

async function readFiles({ general: { stateDir } }: PublisherConfig) {
  const identity = await new SecretFile(identityPath(stateDir), IDENTITY_FORM)
    .read();
  const file = new SecretFile(memberListPath(stateDir), MEMBER_LIST_FORM);
  return { identity, file, list: await file.read() ?? NO_MEMBERS };
}
