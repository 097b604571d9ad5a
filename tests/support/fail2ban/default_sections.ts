/**
 * Possible `[DEFAULT]` sections of an operator's jail.local.
 *
 * @module
 */

import { TELLING } from "./stock_host.ts";

const ACTION_SHORTCUTS = [
  "action_",
  "action_mw",
  "action_mwl",
  "action_xarf",
  "action_cf_mwl",
  "action_blocklist_de",
  "action_abuseipdb",
] as const;

/** Possible content of a `[DEFAULT]` section, one or more lines each. */
export const DEFAULTS: readonly string[] = [
  ...ACTION_SHORTCUTS.map((name) => `action = %(${name})s`),
  ...["mw", "mwl"].flatMap((kind) =>
    ["mail", "sendmail", "nowhere"].map((mta) =>
      `mta = ${mta}\naction = %(action_${kind})s`
    )
  ),
  ...TELLING.map((name) => `action = ${name}`),
  'action = %(action_)s\n  sendmail-whois-lines[logpath="%(logpath)s"]',
  "action_ = %(action_mwl)s\naction = %(banaction)s",
  'action_ = mine[log="%(logpath)s"]',
  'action = mine[log="%(logpath)s", filter="%(filter)s"]',
  'banaction = mine[log="%(logpath)s"]',
  "action = nowhere",
  "action =",
  "action = %(nowhere)s",
  ...["auto", "polling", "pyinotify", "systemd"].map((name) =>
    `backend = ${name}`
  ),
  "backend = systemd\njournalmatch = _SYSTEMD_UNIT=ssh.service",
  "filter = nowhere",
  "filter = %(__name__)s[mode=aggressive]",
  "logpath = /nowhere.log",
  "logpath =",
  "logpath = %(nowhere)s",
  "logpath = /nowhere.log\nbackend = systemd\nfilter = nowhere\nenabled = false",
  "enabled = false",
  "banaction = iptables-multiport",
  "banaction = nftables[type=multiport]",
  'banaction = nftables-multiport[blocktype="drop"]',
  "banaction = firewallcmd-ipset",
  "banaction = ufw",
  "banaction = pf",
  "banaction = hostsdeny",
  "banaction = shorewall",
  "banaction_allports = nftables[type=allports]",
  "banaction_allports = nowhere",
  "banaction_allports =",
  "banaction_allports = %(nowhere)s",
  "port = %(nowhere)s",
  "protocol = %(nowhere)s",
  "chain = %(nowhere)s",
  "mta = %(nowhere)s",
  "usedns = raw",
  "destemail = %(nowhere)s\naction = %(action_mw)s",
  "maxretry = 1\nmaxmatches = 1",
  "bantime = -1\nbantime.increment = true",
];

/** Lines of the stock `[DEFAULT]` that an older or hand-made jail.conf lacks. */
export const MISSING: readonly string[] = [
  "banaction_allports",
  "action_",
  "action",
  "backend",
  "chain",
  "filter",
  "mta",
  "port",
  "protocol",
  "logencoding",
  "usedns",
];

/**
 * Those of {@link DEFAULTS} that once prevented fail2ban's start, or notified
 * others.
 */
export const DANGEROUS: readonly string[] = [
  "action = %(action_mw)s",
  "action = %(action_mwl)s",
  "action = %(action_xarf)s",
  "cfemail = me\ncfapikey = 1\naction = %(action_cf_mwl)s\nlogpath = /dev/null",
  "blocklist_de_apikey = 1\naction = %(action_blocklist_de)s",
  "action = %(action_abuseipdb)s",
  "action_ = sendmail-whois\naction = %(action_)s",
  "mta = mail\naction = %(action_mw)s",
  'action = mine[log="%(logpath)s"]\n  mail[name=x]',
  "logpath = /nowhere.log\nfilter = nowhere\nusedns = raw\nenabled = false",
  "backend = systemd\njournalmatch = _SYSTEMD_UNIT=ssh.service",
  "banaction_allports = nowhere",
  "bantime.increment = true\nbantime.rndtime = 1h\nfindtime = 1s",
];

/**
 * Keys with values that `fail2ban-client -t` accepts in `[DEFAULT]` but that
 * prevent fail2ban's start, or change how our jail bans.
 */
export const NOT_STARTED: Readonly<Record<string, string>> = {
  "backend": "systemd",
  "bantime": "garbage",
  "bantime.factor": "x",
  "bantime.formula": "((",
  "bantime.increment": "true",
  "bantime.maxtime": "x",
  "bantime.multipliers": "a b",
  "bantime.overalljails": "true",
  "bantime.rndtime": "x",
  "datepattern": "%%Q(",
  "failregex": "(",
  "findtime": "garbage",
  "ignorecache": "garbage",
  "ignorecommand": "/nowhere <ip>",
  "ignoreregex": "(",
  "ignoreself": "maybe",
  "journalmatch": "nonsense",
  "logencoding": "nonsense",
  "logpath": "/nowhere.log",
  "logtimezone": "Nowhere/Zone",
  "maxlines": "0",
  "maxmatches": "garbage",
  "maxretry": "garbage",
  "prefregex": "(",
  "usedns": "nonsense",
};

/**
 * Keys that `[DEFAULT]` may set for our jail too, or whose values `-t` checks.
 */
export const OTHER_KEYS: readonly string[] = [
  "action",
  "enabled",
  "filter",
  "ignoreip",
];
