/**
 * Decides how protocol 1 is served, and logs it.
 *
 * @module
 */

import type { PublisherConfig } from "../../lib/config/config.ts";
import { ConfigError } from "../../lib/base/errors.ts";
import { identityPath } from "../../lib/members/io/secret_file.ts";
import {
  type LegacyMode,
  legacyMode,
  legacyWarnings,
} from "../../lib/config/legacy.ts";
import type { MemberList } from "../../lib/members/member.ts";
import type { ListChanges } from "../../lib/publisher/connection_gate.ts";
import type { PublisherMembers } from "./publisher_members.ts";
import type { RoleContext } from "./invocation.ts";

/** The members, as far as they matter here. */
type KnownMembers = Pick<PublisherMembers, "identity" | "list">;

/**
 * Decides how protocol 1 is served until the program ends.
 *
 * @throws {ConfigError} when neither protocol would be served.
 */
export function settleLegacy(
  { legacy, general: { stateDir } }: PublisherConfig,
  { identity, list }: KnownMembers,
): LegacyMode {
  const mode = legacyMode(legacy, list.members.length);
  if (mode !== "off" || identity !== undefined) return mode;
  const expected = "the publisher's keys, since protocol 1 is off";
  throw new ConfigError([{ file: identityPath(stateDir), expected }], {
    hint: "fail2ban-cluster init",
  });
}

/** Logs at the start how protocol 1 is served, and where that is not safe. */
export function tellOfLegacy(
  { config, log }: Pick<RoleContext<"publisher">, "config" | "log">,
  mode: LegacyMode,
  { list }: KnownMembers,
): void {
  if (mode !== "on") {
    const because = config.legacy === undefined
      ? describeMembers(list)
      : "publisher.legacy is set";
    log.record("notice", "protocol 1 is not served as it was", {
      ...{ legacy: mode, because },
    });
  }
  for (const warning of legacyWarnings(mode, config)) {
    log.record("warning", "configuration", { warning });
  }
}

/**
 * Passes on the member lists. With the first member it logs that protocol 1 is
 * served until the program ends, unless the configuration decides.
 */
export function legacyChanges(
  { config, log }: Pick<RoleContext<"publisher">, "config" | "log">,
  mode: LegacyMode,
  changes: ListChanges,
): ListChanges {
  const isMeant = config.legacy !== undefined || mode === "off";
  const tell = (list: MemberList) => {
    log.record("warning", "protocol 1 is served until the next start only", {
      because: describeMembers(list),
      hint: "publisher.legacy says how it is served from then on",
    });
  };
  return async function* (signal) {
    let isTold = isMeant;
    for await (const list of changes(signal)) {
      if (!isTold && list.members.length > 0) {
        tell(list);
        isTold = true;
      }
      yield list;
    }
  };
}

/**
 * Counts listed members: at its start the publisher does not know which have
 * joined.
 */
function describeMembers({ members: { length } }: MemberList): string {
  return length === 1 ? "there is 1 member" : `there are ${length} members`;
}
