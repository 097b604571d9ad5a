import { ok, strictEqual } from "node:assert/strict";
import {
  type ConfigFile,
  loadConfig,
  renderConfig,
} from "../../lib/config/config.ts";
import { ORIGINAL_CONFIG } from "../support/values/original_config.ts";

const SYSTEM = { hostname: "web-1.example" };

function local(text: string): ConfigFile {
  return { path: "a.local", text };
}

function conf(text: string): ConfigFile {
  return { path: "a.conf", text };
}

const SECRET = "hunter2secret";

Deno.test("renderConfig() and the warnings never show a token", () => {
  for (const role of ["monitor", "publisher"] as const) {
    const text = ORIGINAL_CONFIG + `[general]\nhostname = web-1 # ${SECRET}`;
    const files = [conf(text), local(`[${role}]\nauthtoken = ${SECRET}\n`)];
    const loaded = loadConfig(role, files, SYSTEM);
    const { sources, warnings } = loaded;
    strictEqual(loaded.config.token, SECRET);
    const shown = renderConfig(loaded) + JSON.stringify({ sources, warnings });
    strictEqual(shown.includes(SECRET), false);
    ok(renderConfig(loaded).includes("authtoken = ********  # a.local:2\n"));
    const original = loadConfig(role, [conf(ORIGINAL_CONFIG)], SYSTEM);
    ok(original.config.token !== undefined && original.warnings.length > 0);
    const text2 = renderConfig(original) + original.warnings.join("\n");
    strictEqual(text2.includes(original.config.token), false);
  }
});

Deno.test("renderConfig() writes each value with where it comes from", () => {
  const text =
    '[subscriber]\nzmqprefixfilter = "web # 1|"\npidfile = /run/100%%';
  const loaded = loadConfig("subscriber", [conf(text)], SYSTEM);
  strictEqual(
    renderConfig(loaded),
    `[general]
# logtarget is not set: STDERR in the foreground, SYSLOG when detached
loglevel = INFO  # default
syslogfacility = AUTH  # default
statedir = /var/lib/fail2ban-cluster  # default
hostname = web-1.example  # the system's host name
minprefix4 = 24  # default
minprefix6 = 48  # default
ignoreip = ""  # default
members = ""  # default
allowprivate = false  # default
webhookurl = none  # default
webhookevents = all  # default
webhookaddresses = false  # default
localunban = false  # default

[subscriber]
pidfile = /run/100%%  # a.conf:3
httpbindurl = none  # default
heartbeaturl = none  # default
zmqpublisherurl = tcp://127.0.0.1:5680  # default
# controlserver is not set: none: protocol 1 is used
# streamserver is not set: controlserver's host, next port
zmqprefixfilter = "web # 1|"  # a.conf:2
subscriberaction = log  # default
takejails = *  # default
ignorejails = none  # default
takenodes = *  # default
ignorenodes = none  # default
observenodes = none  # default
bantime = 1h  # default
resync = 10m  # default
maxrate = none  # default
jailmap = * = fail2bancluster  # default
fail2bansocket = /var/run/fail2ban/fail2ban.sock  # default
fail2banprogram = none  # default
nfttable = fail2ban_cluster  # default
execprogram = none  # default
exectimeout = 10s  # default
`,
  );
});
