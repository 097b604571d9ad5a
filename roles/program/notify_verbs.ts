/**
 * Carries out the verb that tries the heartbeat and the webhook.
 *
 * @module
 */

import { SystemClock } from "../../lib/async/io/system_clock.ts";
import { testNotifications } from "../../lib/diagnosis/notify_trial.ts";
import { FetchAsker } from "../../lib/notify/io/http_asker.ts";
import type { CarryOut } from "./workplace.ts";

/** The verbs of this file. */
export const VERBS = {
  "notify test": (_, { config, configPath, editor, version }) =>
    testNotifications(config, {
      ...{ version, configPath, nowMs: editor.atMs },
      asker: new FetchAsker(new SystemClock()),
    }),
} as const satisfies Readonly<Record<string, CarryOut>>;
