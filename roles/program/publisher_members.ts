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
import { identityFile, memberListFile } from "./member_files.ts";
import type { RoleContext } from "./invocation.ts";

/** The files, read. */
export interface PublisherMembers {
  /** `undefined`: this host was not made a publisher of protocol 2. */
  readonly identity: PublisherIdentity | undefined;
  /** The list as it was when the program began. */
  readonly list: MemberList;
  /** Gives each list that follows, until aborted. */
  changes(signal: AbortSignal): AsyncIterable<MemberList>;
}

/**
 * Reads the publisher's files.
 *
 * @throws {RuntimeError} when a file is not good.
 */
export async function readPublisherMembers(
  { config, log, onReload }: Pick<
    RoleContext<"publisher">,
    "config" | "log" | "onReload"
  >,
): Promise<PublisherMembers> {
  const { identity, file, list } = await readFiles(config);
  onReload(() => file.look());
  return { identity, list, changes: (signal) => file.watch(signal, log) };
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
