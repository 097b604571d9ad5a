/**
 * Several publishers with three etcd members on the same cores.
 *
 * @module
 */

import { isInstalled } from "../tests/support/host/real_parts.ts";
import { growthFigures } from "./engine_growth.ts";
import { tableFigures } from "./engine_table.ts";
import { wayFigures } from "./engine_way.ts";
import type { Outcome } from "./figure.ts";

/** Measures and prints. @returns The figures; none where a part is missing. */
export async function benchEngine(): Promise<readonly Outcome[]> {
  const missing = (["etcd", "pyzmq"] as const).find((it) => !isInstalled(it));
  if (missing !== undefined) {
    return [{ what: "several publishers", why: `${missing} is not installed` }];
  }
  return [
    ...await wayFigures(),
    ...await tableFigures(),
    ...await growthFigures(),
  ];
}

if (import.meta.main) await benchEngine();
