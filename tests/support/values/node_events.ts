/**
 * Short constructors for a monitor's events of protocol 2.
 *
 * @module
 */

import type { EventId } from "../../../lib/base/ids.ts";
import type { NodeEvent } from "../../../lib/wire/v2_messages.ts";
import { address, jail } from "./core_values.ts";

/** The default address of an event by number. */
function target(index: number): string {
  return `198.51.100.${index}`;
}

function about(index: number, text: string, jailName: string) {
  const id = `event-${String(index).padStart(16, "0")}` as EventId;
  return { id, jail: jail(jailName), address: address(text) };
}

/**
 * A ban that started now and lasts an hour.
 *
 * @param index Its number, which determines its id.
 */
export function hourBan(
  index: number,
  text = target(index),
  jailName = "sshd",
): NodeEvent & { readonly kind: "ban" } {
  const event = about(index, text, jailName);
  return { kind: "ban", ...event, remainingMs: 3_600_000, agoMs: 0 };
}

/**
 * A manual unban.
 *
 * @param index Its number, which determines its id.
 */
export function handUnban(
  index: number,
  text = target(index),
  jailName = "sshd",
): NodeEvent & { readonly kind: "unban" } {
  return { kind: "unban", ...about(index, text, jailName), why: "lifted" };
}
