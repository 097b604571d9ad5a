import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  Fail2banServer,
  noteAction,
  output,
  serverConfig,
} from "../support/fail2ban/fail2ban_server.ts";
import { testWith } from "../support/host/real_parts.ts";
import { TempDir } from "../support/host/temp_dir.ts";

const SHIPPED = decodeURIComponent(
  new URL("../../fail2ban/", import.meta.url).pathname,
);
/** What the package of the host's system ships. */
const STOCK = "/etc/fail2ban";
const JAIL = "fail2bancluster";

/** A jail that is fine whatever `[DEFAULT]` says: what the host had before ours. */
const HOST_JAIL = `[sshd]
enabled = true
backend = polling
filter = sshd
logpath = /dev/null
journalmatch =
usedns = no
action = dummy
`;

/** Actions of the stock configuration that tell others, each made one that only notes it. */
const TELLING = [
  "abuseipdb",
  "blocklist_de",
  "cloudflare",
  "cloudflare-token",
  "complain",
  "dshield",
  "ipthreat",
  "mail",
  "mail-buffered",
  "mail-whois",
  "mail-whois-lines",
  "mynetwatchman",
  "apprise",
  "sendmail",
  "sendmail-buffered",
  "sendmail-geoip-lines",
  "sendmail-whois",
  "sendmail-whois-ipjailmatches",
  "sendmail-whois-ipmatches",
  "sendmail-whois-lines",
  "sendmail-whois-matches",
  "xarf-login-attack",
] as const;

const ACTION_SHORTCUTS = [
  "action_",
  "action_mw",
  "action_mwl",
  "action_xarf",
  "action_cf_mwl",
  "action_blocklist_de",
  "action_abuseipdb",
] as const;

/** What a `[DEFAULT]` of an operator's may say, a line or more each. */
const DEFAULTS: readonly string[] = [
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
const MISSING: readonly string[] = [
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

/** The variants of the jail that are shipped, and what else each needs. */
const VARIANTS: readonly (readonly [string, readonly string[]])[] = [
  ["jail.d/fail2bancluster.conf", []],
  ["jail.d/fail2bancluster-log.conf.example", [
    "filter.d/fail2bancluster.conf",
  ]],
];

/** A host with the stock configuration: what it notes, and where. */
class Host {
  readonly dir: TempDir;
  readonly etc: string;

  private constructor(dir: TempDir) {
    this.dir = dir;
    this.etc = dir.path("etc");
  }

  static async make(dir: TempDir): Promise<Host> {
    const host = new Host(dir);
    await output("cp", "-r", STOCK, host.etc);
    await output("rm", "-rf", `${host.etc}/jail.d`);
    await Deno.mkdir(`${host.etc}/jail.d`);
    const note = noteAction(dir.path("actions.txt"));
    await host.write("action.d/mine.conf", note);
    await host.write("action.d/dummy.conf", note);
    for (const name of TELLING) {
      await host.write(
        `action.d/${name}.conf`,
        noteAction(dir.path("told.txt")),
      );
    }
    await host.write("fail2ban.local", serverConfig(dir.path()));
    return host;
  }

  async write(path: string, text: string): Promise<void> {
    await Deno.writeTextFile(`${this.etc}/${path}`, text);
  }

  async addJail([jail, others]: typeof VARIANTS[number]): Promise<void> {
    for (const path of others) {
      await Deno.copyFile(`${SHIPPED}${path}`, `${this.etc}/${path}`);
    }
    await Deno.copyFile(
      `${SHIPPED}${jail}`,
      `${this.etc}/jail.d/${JAIL}.conf`,
    );
  }

  /** What `fail2ban-client` has against the configuration, if anything. */
  async complaint(): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command(
      "fail2ban-client",
      { args: ["-c", this.etc, "-t"], stdin: "null" },
    ).output();
    const text = new TextDecoder();
    return success ? "" : text.decode(stdout) + text.decode(stderr);
  }

  /** The actions of our jail, by name. */
  async actions(): Promise<string[]> {
    const told = await output("fail2ban-client", "-c", this.etc, "-d");
    return told.split("\n").flatMap((line) =>
      /^\['set', 'fail2bancluster', 'addaction', '([^']*)'/.exec(line)?.[1] ??
        []
    );
  }
}

async function noted(path: string): Promise<string> {
  return await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
}

for (const variant of VARIANTS) {
  testWith(
    "fail2ban",
    `fail2ban takes its configuration with our jail whatever [DEFAULT] says: ${
      variant[0]
    }`,
    async () => {
      await using dir = await TempDir.create();
      const host = await Host.make(dir);
      await host.addJail(variant);
      const wrong: string[] = [];
      for (const text of DEFAULTS) {
        await host.write("jail.local", `[DEFAULT]\n${text}\n${HOST_JAIL}`);
        const complaint = await host.complaint();
        if (complaint !== "") wrong.push(`${text}: ${complaint}`);
        const actions = await host.actions();
        if (
          actions.length !== 1 || TELLING.some((name) => name === actions[0])
        ) wrong.push(`${text}: ${actions}`);
      }
      const jailConf = await Deno.readTextFile(`${host.etc}/jail.conf`);
      await host.write("jail.local", HOST_JAIL);
      for (const name of MISSING) {
        const line = new RegExp(`^${name} *=.*\n`, "gm");
        ok(line.test(jailConf), name);
        await host.write("jail.conf", jailConf.replaceAll(line, ""));
        const complaint = await host.complaint();
        if (complaint !== "") wrong.push(`no ${name}: ${complaint}`);
      }
      deepStrictEqual(wrong, []);
      ok(DEFAULTS.length + MISSING.length >= 60);
    },
  );
}

/** Those of {@link DEFAULTS} that kept fail2ban from starting, or told others, before. */
const DANGEROUS: readonly string[] = [
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

testWith(
  "fail2ban",
  "a started fail2ban bans and lifts in our jail and tells nobody, whatever [DEFAULT] says",
  async () => {
    for (const text of DANGEROUS) {
      await using dir = await TempDir.create();
      const host = await Host.make(dir);
      // The host runs before our jail is there, and takes it in with a reload.
      await host.write(
        "jail.local",
        `[DEFAULT]\nbanaction = mine\n${text}\n${HOST_JAIL}`,
      );
      await using server = new Fail2banServer(dir.path());
      await server.start();
      const [shipped] = VARIANTS;
      ok(shipped);
      await host.addJail(shipped);
      await server.client("reload");
      if (text === DANGEROUS[0]) {
        await server.stop();
        await server.start();
      }
      for (const address of ["192.0.2.7", "2001:db8::7"]) {
        strictEqual(await server.client("set", JAIL, "banip", address), "1");
      }
      strictEqual(await server.client("get", JAIL, "bantime"), "86400");
      const lift = ["set", JAIL, "unbanip"];
      strictEqual(await server.client(...lift, "192.0.2.7"), "1");
      strictEqual(await server.client("get", JAIL, "banip"), "2001:db8::7");
      await server.client(...lift, "2001:db8::7");
      deepStrictEqual(await server.acted(), [
        `ban ${JAIL} 192.0.2.7`,
        `ban ${JAIL} 2001:db8::7`,
        `unban ${JAIL} 192.0.2.7`,
        `unban ${JAIL} 2001:db8::7`,
      ], text);
      strictEqual(await noted(dir.path("told.txt")), "", text);
    }
  },
);

testWith(
  "fail2ban",
  "the jail that reads a log starts where the log is not there",
  async () => {
    await using dir = await TempDir.create();
    const host = await Host.make(dir);
    const [, log] = VARIANTS;
    ok(log);
    await host.addJail(log);
    const there = dir.path("auth.log");
    const conf = `${host.etc}/jail.d/${JAIL}.conf`;
    const text = await Deno.readTextFile(conf);
    ok(text.includes("logpath = /var/log/auth.log\n"));
    await Deno.writeTextFile(conf, text.replace("/var/log/auth.log", there));
    await host.write("jail.local", `[DEFAULT]\nbanaction = mine\n${HOST_JAIL}`);
    await using server = new Fail2banServer(dir.path());
    await server.start();
    const files = () => server.client("get", JAIL, "logpath");
    ok(!(await files()).includes(there));
    await Deno.writeTextFile(there, "");
    await server.client("reload");
    ok((await files()).includes(there));
  },
);
