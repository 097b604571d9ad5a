/**
 * The publisher's own keys, and the members that it goes by.
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

/** Where the list of members is. */
export interface MemberSource {
  /** The list as it was when the program, or its term, began. */
  readonly list: MemberList;
  /** Gives each list that follows, until aborted. */
  changes(signal: AbortSignal): AsyncIterable<MemberList>;
  /** Where it is edited. */
  readonly stored: EditedValue<MemberList>;
}

/** What a publisher serves members by. */
export interface PublisherMembers extends MemberSource {
  /** `undefined`: this host was not made a publisher of protocol 2. */
  readonly identity: PublisherIdentity | undefined;
}

/**
 * Reads the publisher's files.
 *
 * @param shared The list that it shares with others; left out: this host's file.
 * @throws {RuntimeError} when a file is not good.
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
 * For `check`: throws what is not good.
 *
 * @returns As {@link readPublisherMembers}, for a look.
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
