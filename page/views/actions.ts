/**
 * The actions on an address: unban, ban, and the allowlist.
 *
 * @module
 */

import { durationText, parseDuration } from "../../lib/base/duration.ts";
import type { Address } from "../../lib/base/address.ts";
import {
  aroundHints,
  bannedLines,
  liftedLines,
  localHints,
} from "../../lib/views/steering_view.ts";
import { askOne, Refused } from "../api.ts";
import { el, field } from "../dom.ts";
import { typedNetwork } from "../search.ts";
import { type Confirmation, shellWord } from "./view.ts";

const DAY_SECONDS = 86_400;

/** Unbans an address. */
export function unbanning(address: Address): Confirmation {
  const local = el("input", { type: "checkbox" });
  return {
    title: `Lift ${address}?`,
    fields: [
      el(
        "label",
        { class: "check" },
        local,
        " also ask the fail2bans that reported it to unban it",
      ),
    ],
    command: () =>
      `fail2ban-cluster unban ${address}${local.checked ? " --local" : ""}`,
    verb: "Lift",
    act: async () => {
      const isLocal = local.checked;
      const steered = await askOne({
        ...{ kind: "unban", address, node: null, jail: null, local: isLocal },
      }, "steered");
      return [
        ...liftedLines(address, steered),
        ...aroundHints(address, steered),
        ...localHints(address, steered, isLocal),
      ];
    },
  };
}

/** Bans an address; if empty, the user types it. */
export function banning(given: string): Confirmation {
  const [input, span, reason, force] = [
    el("input", { value: given, required: true, spellcheck: "false" }),
    el("input", { value: "1d", required: true, spellcheck: "false" }),
    el("input", { maxlength: "150" }),
    el("input", { type: "checkbox" }),
  ];
  return {
    title: "Ban an address",
    fields: [
      field("Address or network", input),
      field("For", span, "such as 1h, 7d, or -1 for ever"),
      field("Reason", reason),
      el(
        "label",
        { class: "check" },
        force,
        " also a private address, or a wide network",
      ),
    ],
    command: () =>
      [
        "fail2ban-cluster ban",
        shellWord(input.value.trim() || "ADDRESS"),
        `--for ${shellWord(span.value.trim())}`,
        ...(reason.value === "" ? [] : [`--reason ${shellWord(reason.value)}`]),
        ...(force.checked ? ["--force"] : []),
      ].join(" "),
    verb: "Ban",
    act: async () => {
      const address = networkIn(input);
      const forMs = spanIn(span);
      const steered = await askOne({
        ...{ kind: "ban", address, forMs, reason: reason.value },
        force: force.checked,
      }, "steered");
      return bannedLines(address, forMs, steered);
    },
  };
}

/** Puts an address on the allowlist; if empty, the user types it. */
export function allowing(given: string, done: () => void): Confirmation {
  const [input, span, note] = [
    el("input", { value: given, required: true, spellcheck: "false" }),
    el("input", { value: "-1", required: true, spellcheck: "false" }),
    el("input", { maxlength: "200" }),
  ];
  return {
    title: "Keep an address out of all bans",
    fields: [
      field("Address or network", input),
      field("For", span, "such as 7d, or -1 for ever"),
      field("Note", note),
    ],
    command: () =>
      [
        "fail2ban-cluster allow add",
        shellWord(input.value.trim() || "ADDRESS"),
        ...(span.value.trim() === "-1"
          ? []
          : [`--for ${shellWord(span.value.trim())}`]),
        ...(note.value === "" ? [] : [`--note ${shellWord(note.value)}`]),
      ].join(" "),
    verb: "Allow",
    act: async () => {
      const network = networkIn(input);
      const forMs = spanIn(span);
      await askOne({
        ...{ kind: "allowAdd", network, forMs, note: note.value },
      }, "allowlist");
      done();
      const end = forMs === null ? "" : ` for ${durationText(forMs / 1_000)}`;
      return [`nobody may ban ${network}${end}; what stands is lifted`];
    },
  };
}

/** Removes a network from the allowlist. */
export function disallowing(network: Address, done: () => void): Confirmation {
  return {
    title: `Take ${network} off the allowlist?`,
    command: () => `fail2ban-cluster allow remove ${network}`,
    verb: "Remove",
    act: async () => {
      await askOne({ kind: "allowRemove", network }, "allowlist");
      done();
      return [`${network} may be banned again`];
    },
  };
}

/** Checks only the spelling; the publisher checks the rest. */
function networkIn(input: HTMLInputElement): Address {
  const network = typedNetwork(input.value.trim());
  if (network !== undefined) return network as Address;
  input.focus();
  throw new Refused(`"${input.value}" is no address and no network`, 200);
}

/** A duration in milliseconds; `null` for permanent. */
function spanIn(input: HTMLInputElement): number | null {
  const seconds = parseDuration(input.value.trim()) ?? 0;
  if (seconds === -1) return null;
  if (seconds > 0 && seconds <= DAY_SECONDS * 36_525) return seconds * 1_000;
  input.focus();
  throw new Refused(`"${input.value}" is no time such as 7d`, 200);
}
