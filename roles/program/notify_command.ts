/**
 * `fail2ban-cluster notify test`, on this host.
 *
 * @module
 */

import { SystemClock } from "../../lib/async/io/system_clock.ts";
import {
  type NotifyTestOptions,
  testNotifications,
  type ToldPlaces,
} from "../../lib/diagnosis/notify_trial.ts";
import { FetchAsker } from "../../lib/notify/io/http_asker.ts";
import type { OperatorOutput } from "../../lib/views/operator_output.ts";

/** Asks for each heartbeat, and sends one message. */
export async function tryNotifications(
  config: ToldPlaces,
  options: Omit<NotifyTestOptions, "asker">,
): Promise<OperatorOutput> {
  const asker = new FetchAsker(new SystemClock());
  return await testNotifications(config, { ...options, asker });
}
