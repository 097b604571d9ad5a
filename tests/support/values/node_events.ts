/**
 * Events of a node as a monitor sends them by protocol 2, in short.
 *
 * @module
 */

import type { EventId } from "../../../lib/base/ids.ts";
import type { NodeEvent } from "../../../lib/wire/v2_messages.ts";
import { address, jail } from "./core_values.ts";

/** The address of the event of a number, where a test names none. */
function target(index: number): string {
  return `198.51.100.${index}`;
}

function about(index: number, text: string, jailName: string) {
  const id = `event-${String(index).padStart(16, "0")}` as EventId;
  return { id, jail: jail(jailName), address: address(text) };
}

/**
 * A ban that was made now and holds for an hour.
 *
 * @param index Its number: the same has the same id.
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
 * An unban by hand.
 *
 * @param index Its number: the same has the same id.
 */
export function handUnban(
  index: number,
  text = target(index),
  jailName = "sshd",
): NodeEvent & { readonly kind: "unban" } {
  return { kind: "unban", ...about(index, text, jailName), why: "lifted" };
}
