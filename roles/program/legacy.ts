/**
 * Whether protocol 1 is served, and what is told of it.
 *
 * @module
 */

import type { PublisherConfig } from "../../lib/config.ts";
import { ConfigError } from "../../lib/errors.ts";
import { identityPath } from "../../lib/io/secret_file.ts";
import {
  type LegacyMode,
  legacyMode,
  legacyWarnings,
} from "../../lib/legacy.ts";
import type { PublisherMembers } from "./publisher_members.ts";
import type { RoleContext } from "./role_program.ts";

/** Who is a member, as far as it decides. */
type KnownMembers = Pick<PublisherMembers, "identity" | "list">;

/**
 * Says how protocol 1 is served until the program ends.
 *
 * @throws {ConfigError} when neither protocol would be.
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

/** Tells at start how it is served, and where that is not safe. */
export function tellOfLegacy(
  { config, log }: Pick<RoleContext<"publisher">, "config" | "log">,
  mode: LegacyMode,
  { list }: KnownMembers,
): void {
  if (mode !== "on") {
    const because = config.legacy === undefined
      ? `${list.members.length} nodes have joined`
      : "publisher.legacy is set";
    log.record("notice", "protocol 1 is not served as it was", {
      ...{ legacy: mode, because },
    });
  }
  for (const warning of legacyWarnings(mode, config)) {
    log.record("warning", "configuration", { warning });
  }
}
