/**
 * The verb of the operator's command that tries out what a program tells others.
 *
 * @module
 */

import { SystemClock } from "../../lib/async/io/system_clock.ts";
import { testNotifications } from "../../lib/diagnosis/notify_trial.ts";
import { FetchAsker } from "../../lib/notify/io/http_asker.ts";
import type { CarryOut } from "./workplace.ts";

/** By verb. */
export const VERBS = {
  "notify test": (_, { config, configPath, editor, version }) =>
    testNotifications(config, {
      ...{ version, configPath, nowMs: editor.atMs },
      asker: new FetchAsker(new SystemClock()),
    }),
} as const satisfies Readonly<Record<string, CarryOut>>;
