/**
 * Where several publishers share one table: the options of `engine`.
 *
 * @module
 */

import type { OptionValues } from "./config_reader.ts";
import { pathOf } from "./value_kinds.ts";

/** Where several publishers share one table. */
export interface EngineConfig {
  /** Members of etcd. */
  readonly urls: readonly string[];
  /** Absolute path of the authority of its certificates; `undefined`: the system's. */
  readonly authorityPath: string | undefined;
  /** Absolute path of the file with user and password; `undefined`: there is none. */
  readonly loginPath: string | undefined;
  /** What all keys begin with. */
  readonly prefix: string;
}

/** Where a publisher shares its table; `undefined`: nowhere. */
export function engineOf(
  publisher: OptionValues["publisher"],
): EngineConfig | undefined {
  return publisher.engine === "none" ? undefined : {
    urls: publisher.engineurls,
    authorityPath: pathOf(publisher.engineca),
    loginPath: pathOf(publisher.enginelogin),
    prefix: publisher.engineprefix,
  };
}
