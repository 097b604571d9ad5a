/**
 * What the options of several programs share; see `options.ts`.
 *
 * @module
 */

import { option } from "./option.ts";
import { switchKind, tokenKind } from "./option_value.ts";

/** The token that the shipped file has. It must not leave the machine. */
export const SHIPPED_TOKEN = "CHANGE_ME";

/** The tokens that the original's file is shipped with. */
export const ORIGINAL_PLACEHOLDERS: readonly string[] = [
  "ASK_buanzo@buanzo.com.ar_FOR_A_TOKEN",
  "IF_YOU_RUN_YOUR_OWN_PUBLISHER_JUST_TYPE_A_SECRET_STRING_HERE_AND_GIVE_IT_TO_YOUR_MONITORS",
];

/** Where a publisher of this host listens. */
export const PUBLISHER_PORTS = {
  reply: "tcp://127.0.0.1:5678",
  broadcast: "tcp://127.0.0.1:5680",
  control: "tcp://127.0.0.1:5681",
  stream: "tcp://127.0.0.1:5682",
} as const;

/** `auth` of monitor and publisher. */
export const AUTH = option({
  kind: switchKind,
  default: "true",
  help: "Whether reports carry the token and those without it are refused.",
});

/** `authtoken` of monitor and publisher. */
export const AUTH_TOKEN = option({
  kind: tokenKind,
  default: undefined,
  unset: "none: auth = true needs one",
  help:
    "The secret that monitors and publisher share; it travels in the clear.",
  isSecret: true,
  shipped: SHIPPED_TOKEN,
});
