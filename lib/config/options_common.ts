/**
 * Options that several programs share; see `options.ts`.
 *
 * @module
 */

import { SHIPPED_TOKEN } from "../base/secrets.ts";

import { option } from "./option.ts";
import { tokenKind } from "./cluster_kinds.ts";
import { parseHttpTarget } from "../http/http_target.ts";
import { httpBindKind, httpTargetKind, switchKind } from "./value_kinds.ts";

/** The default URLs of a publisher on this host. */
export const PUBLISHER_PORTS = {
  reply: "tcp://127.0.0.1:5678",
  broadcast: "tcp://127.0.0.1:5680",
  control: "tcp://127.0.0.1:5681",
  stream: "tcp://127.0.0.1:5682",
} as const;

/** `httpbindurl` of monitor and subscriber. */
export const HTTP_BIND = option({
  kind: httpBindKind,
  default: "none",
  help:
    "Where /metrics, /healthz and /readyz are served to this host: http://127.0.0.1:PORT, unix:PATH, or none.",
});

/** `heartbeaturl` of each program. */
export const HEARTBEAT_URL = option({
  kind: httpTargetKind,
  default: "none",
  help:
    "URL requested every minute while the program is healthy, such as https://HOST/ID, or none.",
  isSecret: true,
  showSecret: showTarget,
});

/** `webhookurl` of all programs. */
export const WEBHOOK_URL = option({
  kind: httpTargetKind,
  default: "none",
  help:
    "URL to which this host's programs send the webhookevents as JSON, such as https://HOST/ID, or none.",
  isSecret: true,
  showSecret: showTarget,
});

/** Shows no path: anybody who knows it could impersonate this host. */
function showTarget(text: string): string {
  return parseHttpTarget(text)?.shown ?? "none";
}

/** `auth` of monitor and publisher. */
export const AUTH = option({
  kind: switchKind,
  default: "true",
  help: "Whether reports of protocol 1 need the token.",
});

/** `authtoken` of monitor and publisher. */
export const AUTH_TOKEN = option({
  kind: tokenKind,
  default: undefined,
  unset: "none: auth = true needs one",
  help:
    "Token of protocol 1, shared by monitors and publisher; sent unencrypted.",
  isSecret: true,
  shipped: SHIPPED_TOKEN,
});
