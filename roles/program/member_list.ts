/**
 * The member list that operators' commands read and edit: this host's file, or
 * the one that several publishers share.
 *
 * @module
 */

import type { ClusterConfig } from "../../lib/config/cluster_config.ts";
import type { SharedMembers } from "../../lib/engine/shared_members.ts";
import type { MemberList } from "../../lib/members/member.ts";
import type { EditedValue } from "../../lib/members/stored_value.ts";
import { memberListFile } from "./member_files.ts";

/** This host's current list. */
export function memberListOf(
  { stateDir, engine }: Pick<ClusterConfig, "stateDir" | "engine">,
): EditedValue<MemberList> {
  if (engine === undefined) return memberListFile(stateDir);
  const withShared = async <T>(
    work: (members: SharedMembers) => Promise<T>,
  ): Promise<T> => {
    // A single publisher loads none of this code.
    const { openEngine, sharedMembers } = await import("./engine_client.ts");
    using client = await openEngine(engine, stateDir);
    return await work(sharedMembers(client, engine, stateDir));
  };
  return {
    read: () => withShared((members) => members.read()),
    edit: (change) => withShared((members) => members.edit(change)),
  };
}
