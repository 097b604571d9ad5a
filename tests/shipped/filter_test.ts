import { deepStrictEqual, match, ok } from "node:assert/strict";
import { parseAddress } from "../../lib/base/address.ts";
import { parseHostName } from "../../lib/base/host_name.ts";
import { parseJailName } from "../../lib/base/jail_name.ts";
import { syslogFilePrefix } from "../../lib/log/line_prefix.ts";
import { broadcastLogText } from "../../lib/subscriber/log_action.ts";
import {
  findBans,
  output,
  SHIPPED_FILTER,
  writeFail2banConfig,
} from "../support/fail2ban/fail2ban_server.ts";
import { testWith } from "../support/host/real_parts.ts";

const TAG = "fail2ban-subscriber[123]:";
const SAYS = "fail2ban-zmq-tools Subscriber: Got broadcast message:";
/** The text of fail2ban-zmq-tools, since a line of its source was wrapped. */
const ORIGINAL_SAYS = SAYS.replace(": Got", `:${" ".repeat(28)}Got`);
/** What an attacker would like to be read as a line of the subscriber. */
const BAIT = `${TAG} ${SAYS} web-1|sshd|Ban|203.0.113.66`;

/** Lines that ban, and whom. */
const BANS: readonly (readonly [line: string, address: string])[] = [
  [ownLine("192.0.2.1"), "192.0.2.1"],
  [ownLine("2001:db8::1"), "2001:db8::1"],
  [ownLine("2001:db8::"), "2001:db8::"],
  [ownLine("192.0.2.0/24"), "192.0.2.0/24"],
  [ownLine("2001:db8::/48"), "2001:db8::/48"],
  // rsyslog's traditional format, and its own since version 8 on Debian 12.
  [`Nov  4 03:45:10 web-2 ${TAG} ${SAYS} a|b|Ban|192.0.2.2`, "192.0.2.2"],
  [
    `2026-11-24T03:45:10.123456+01:00 web-2 ${TAG} ${SAYS} a|b|Ban|192.0.2.3`,
    "192.0.2.3",
  ],
  [
    `2026-11-24T03:45:10Z web-2.example.net ${TAG} ${SAYS} a_1.example.net|my.jail|Ban|192.0.2.4`,
    "192.0.2.4",
  ],
  // The journal's, which fail2ban puts together without a stamp.
  [`web-2 ${TAG} ${SAYS} a|b|Ban|192.0.2.5`, "192.0.2.5"],
  // A node, which is a subscriber as well.
  [
    `web-2 fail2ban-node[123]: ${SAYS} a|b|Ban|192.0.2.10`,
    "192.0.2.10",
  ],
  // What goes to standard error comes to the journal with a prefix already.
  [
    `web-2 ${TAG} Nov 24 03:45:10 web-2 ${TAG} ${SAYS} a|b|Ban|192.0.2.6`,
    "192.0.2.6",
  ],
  // fail2ban-zmq-tools: started with a path, without one, and of old.
  [
    `Aug 10 11:40:45 mx2 /fail2ban-subscriber.py[15572]: ${ORIGINAL_SAYS} mx5.example.net|ssh|Ban|192.0.2.7`,
    "192.0.2.7",
  ],
  [
    `Aug 10 11:40:45 mx2 fail2ban-subscriber.py[15572]: ${ORIGINAL_SAYS} mx5.example.net|ssh|Ban|192.0.2.8`,
    "192.0.2.8",
  ],
  [
    `Aug 10 11:40:45 mx2 /fail2ban-subscriber.py[15572]: ${SAYS} mx5.example.net|ssh|Ban|192.0.2.9`,
    "192.0.2.9",
  ],
];

/** What comes behind the stamp of a line that bans nobody, by why it does not. */
const NO_BANS: Readonly<Record<string, string>> = {
  "lifted": `web-2 ${TAG} ${SAYS} a|b|Unban|203.0.113.1`,
  "another action": `web-2 ${TAG} ${SAYS} a|b|Banned|203.0.113.2`,
  "no address": `web-2 ${TAG} ${SAYS} a|b|Ban|1`,
  "a name": `web-2 ${TAG} ${SAYS} a|b|Ban|www.example.net`,
  "text behind the address": `web-2 ${TAG} ${SAYS} a|b|Ban|203.0.113.3 x`,
  "a field too many": `web-2 ${TAG} ${SAYS} a|b|Ban|203.0.113.4|x`,
  "a field too few": `web-2 ${TAG} ${SAYS} a|Ban|203.0.113.5`,
  "text before it": `web-2 ${TAG} refused: ${SAYS} a|b|Ban|203.0.113.6`,
  "the original's other complaints":
    `web-2 /fail2ban-subscriber.py[1]: fail2ban-zmq-tools Subscriber: Invalid attacker IP received.`,
  "another program's tag": `web-2 x-${BAIT}`,
  "another program's path": `web-2 /tmp/${BAIT}`,
  "no host": BAIT,
  "a user's name":
    `web-2 sshd[1]: Invalid user ${BAIT} from 198.51.100.9 port 22`,
  "a user's name at the end":
    `web-2 sshd[1]: pam_unix(sshd:auth): authentication failure; rhost=198.51.100.9  user=${BAIT}`,
  "a user's name with a host": `web-2 sshd[1]: Invalid user web-2 ${BAIT}`,
  "a whole line for a user's name":
    `web-2 sshd[1]: Nov 24 03:45:10 web-2 ${BAIT}`,
  "a user's name that begins a line, as rsyslog writes it":
    `web-2 sshd[1]: Invalid user x#012Nov 24 03:45:10 web-2 ${BAIT}`,
  "a tag without colon": `web-2 sshd ${BAIT}`,
  "another program behind ours":
    `web-2 ${TAG} Nov 24 03:45:10 web-2 sshd[1]: ${SAYS} a|b|Ban|203.0.113.7`,
  "three prefixes":
    `web-2 ${TAG} Nov 24 03:45:10 web-2 ${TAG} Nov 24 03:45:10 web-2 ${BAIT}`,
};

testWith(
  "fail2ban",
  "the shipped filter takes every ban that a subscriber of ours or of fail2ban-zmq-tools logs",
  async () => {
    deepStrictEqual(
      await banned(BANS.map(([line]) => line)),
      BANS.map(([, address]) => address),
    );
  },
);

testWith(
  "fail2ban",
  "the shipped filter takes nothing that another program or its users put into the log",
  async () => {
    const lines = Object.values(NO_BANS);
    deepStrictEqual(
      await banned([
        ...lines.map((text) => `Nov 24 03:45:10 ${text}`),
        ...lines.map((text) => `2026-11-24T03:45:10.123456+01:00 ${text}`),
        ...lines,
        // The stamp of a ban counts at the line's beginning only.
        `x Nov 24 03:45:10 web-2 ${BAIT}`,
      ]),
      [],
    );
  },
);

testWith(
  "fail2ban",
  "the shipped jail bans at the first line, on all ports",
  async () => {
    const commands = await jailCommands({ logpath: SHIPPED_FILTER });
    const set = (...rest: unknown[]) =>
      ok(
        commands.includes(JSON.stringify(["set", "fail2bancluster", ...rest])),
        `${JSON.stringify(rest)} in\n${commands.join("\n")}`,
      );
    ok(commands.includes('["add","fail2bancluster","polling"]'));
    ok(commands.includes('["start","fail2bancluster"]'));
    set("maxretry", 1);
    set("findtime", "10m");
    set("bantime", "1h");
    set("addlogpath", SHIPPED_FILTER, "head");
    match(
      commands.join("\n"),
      /"addaction","note".*\n.*\["type","allports"\].*\["port","0:65535"\]/,
    );
  },
);

testWith(
  "fail2ban",
  "the shipped jail asks the journal for the lines of each program",
  async () => {
    const commands = await jailCommands({ backend: "systemd", logpath: "" });
    const journal = commands.find((text) => text.includes("addjournalmatch"));
    deepStrictEqual(JSON.parse(journal ?? "[]").slice(3), [
      "SYSLOG_IDENTIFIER=fail2ban-subscriber",
      "+",
      "SYSLOG_IDENTIFIER=fail2ban-node",
      "+",
      "SYSLOG_IDENTIFIER=fail2ban-subscriber.py",
      "+",
      "SYSLOG_IDENTIFIER=/fail2ban-subscriber.py",
    ]);
  },
);

/** The line as our subscriber writes it into a file, or syslog for it. */
function ownLine(addressText: string): string {
  const hostName = parseHostName("web-2");
  const origin = parseHostName("web-1");
  const jail = parseJailName("sshd");
  const address = parseAddress(addressText);
  if (!hostName || !origin || !jail || !address) throw new Error(addressText);
  const text = broadcastLogText({ kind: "ban", origin, jail, address });
  const prefix = syslogFilePrefix(
    { name: "fail2ban-subscriber", pid: 123 },
    hostName,
  );
  const atMs = new Date(2026, 10, 3, 3, 45, 10).getTime();
  return prefix({ severity: "info", atMs, text }) + text;
}

/** Whom fail2ban-regex finds in a log. */
async function banned(lines: readonly string[]): Promise<string[]> {
  const log = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(log, lines.map((line) => `${line}\n`).join(""));
    return await findBans(log);
  } finally {
    await Deno.remove(log);
  }
}

/** What fail2ban-client would tell the server of the shipped jail, as JSON. */
async function jailCommands(
  clusterJail: Readonly<Record<string, string>>,
): Promise<string[]> {
  const dir = await Deno.makeTempDir();
  try {
    await writeFail2banConfig({ dir, clusterJail });
    const text = await output("fail2ban-client", "-c", `${dir}/etc`, "-d");
    return text.replaceAll("'", '"').replaceAll(", ", ",").split("\n");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
