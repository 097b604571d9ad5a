/**
 * The publisher's own keys and its members.
 *
 * @module
 */

import type { PublisherConfig } from "../../lib/config/config.ts";
import type {
  MemberList,
  PublisherIdentity,
} from "../../lib/members/member.ts";
import { NO_MEMBERS } from "../../lib/members/member_list_form.ts";
import type { EditedValue } from "../../lib/members/stored_value.ts";
import { identityFile, memberListFile } from "./member_files.ts";
import type { RoleContext } from "./invocation.ts";

/** A source of the member list. */
export interface MemberSource {
  /** The list at the start of the program or of its term. */
  readonly list: MemberList;
  /** Gives each later list, until aborted. */
  changes(signal: AbortSignal): AsyncIterable<MemberList>;
  /** The stored list, for edits. */
  readonly stored: EditedValue<MemberList>;
}

/** The keys and members of a publisher. */
export interface PublisherMembers extends MemberSource {
  /** `undefined` when this host has no keys for protocol 2. */
  readonly identity: PublisherIdentity | undefined;
}

/**
 * Reads the publisher's files.
 *
 * @param shared The list that several publishers share; by default this host's
 * file.
 * @throws {RuntimeError} when a file is unusable.
 */
export async function readPublisherMembers(
  { config, log, onReload }: Pick<
    RoleContext<"publisher">,
    "config" | "log" | "onReload"
  >,
  shared?: MemberSource,
): Promise<PublisherMembers> {
  if (shared !== undefined) {
    const identity = await identityFile(config.general.stateDir).read();
    return { identity, ...shared };
  }
  const { identity, file, list } = await readFiles(config);
  onReload(() => file.look());
  const changes = (signal: AbortSignal) => file.watch(signal, log);
  return { identity, list, changes, stored: file };
}

/**
 * For `check`: throws an error if a file is unusable.
 *
 * @returns The same as {@link readPublisherMembers}, without changes.
 */
export async function checkPublisherMembers(
  config: PublisherConfig,
): Promise<Pick<PublisherMembers, "identity" | "list">> {
  return await readFiles(config);
}

async function readFiles({ general: { stateDir } }: PublisherConfig) {
  const identity = await identityFile(stateDir).read();
  const file = memberListFile(stateDir);
  return { identity, file, list: await file.read() ?? NO_MEMBERS };
}
