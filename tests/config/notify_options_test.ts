import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { loadConfig, renderConfig } from "../../lib/config/config.ts";
import { ConfigError } from "../../lib/base/errors.ts";
import { TOLD_KINDS } from "../../lib/notify/told_event.ts";

const HERE = { hostname: "hub" };
const SECRET = "5f2c9d31337abc";

function load(text: string, isWorldReadable = false) {
  const files = [{
    path: "a.conf",
    text: `[publisher]\nlegacy = off\n${text}`,
    isWorldReadable,
  }];
  return loadConfig("publisher", files, HERE);
}

function refused(text: string): string {
  try {
    load(text);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "";
}

Deno.test("heartbeaturl and webhookurl are none, or a URL whose path is nowhere shown", () => {
  strictEqual(load("").config.heartbeat, undefined);
  strictEqual(load("").config.general.webhook, undefined);
  const loaded = load(
    `heartbeaturl = https://a.example/ping/${SECRET}\n` +
      `[general]\nwebhookurl = http://b.example/hook/${SECRET}\n` +
      "webhookevents = fault, recovered\nwebhookaddresses = yes",
    true,
  );
  const { heartbeat, general: { webhook } } = loaded.config;
  strictEqual(heartbeat?.url, `https://a.example/ping/${SECRET}`);
  strictEqual(webhook?.target.url, `http://b.example/hook/${SECRET}`);
  deepStrictEqual(webhook?.kinds, ["fault", "recovered"]);
  strictEqual(webhook?.showsAddresses, true);
  const shown = renderConfig(loaded) + loaded.warnings.join("\n");
  match(shown, /^heartbeaturl = https:\/\/a\.example\/\*{8} {2}# a\.conf:3$/m);
  match(shown, /^webhookurl = http:\/\/b\.example\/\*{8} {2}# a\.conf:5$/m);
  match(shown, /everybody on this host can read the secret in it/);
  match(shown, /webhookurl: expected a URL that begins with https:\/\//);
  strictEqual(shown.includes(SECRET), false);
});

Deno.test("a webhookurl that is none by its form is refused without being shown", () => {
  const text = refused(
    `[general]\nwebhookurl = htps://a.example/hook/${SECRET}`,
  );
  match(text, /^a\.conf:4: general\.webhookurl: expected https:\/\/HOST\/PATH/);
  strictEqual(text.includes(SECRET), false);
});

Deno.test("webhookevents is all, or a list of events without repeats", () => {
  const events = (text: string) =>
    load(`[general]\nwebhookurl = https://a.example/x\nwebhookevents = ${text}`)
      .config.general.webhook?.kinds;
  deepStrictEqual(events("all"), TOLD_KINDS);
  deepStrictEqual(events("fault\n  node_silent"), ["fault", "node_silent"]);
  for (const text of ["", "none", "fault fault", "fault, fire"]) {
    match(
      refused(`[general]\nwebhookevents = ${text}`),
      /webhookevents.*expected all, or a list, without repeats, of: started, /,
    );
  }
});
