/**
 * Rules across several options, and warnings for the operator.
 *
 * @module
 */

import {
  type ConfigFile,
  type ConfigReading,
  locationOf,
} from "./config_reader.ts";
import { isLoopbackUrl, nextPortUrl } from "../base/endpoint_url.ts";
import { isOpenTarget } from "../http/http_target.ts";
import { isLocalBind, isUnixBind } from "../http/http_bind.ts";
import { type ConfigProblem, describeProblem } from "../base/errors.ts";
import type { HostName } from "../base/host_name.ts";
import { widestBits } from "../widen/widen_rules.ts";
import {
  MIN_SECRET_LENGTH,
  ORIGINAL_PLACEHOLDERS,
  SHIPPED_TOKEN,
} from "../base/secrets.ts";
import { PUBLISHER } from "./options_publisher.ts";
import { checkLists } from "./list_checks.ts";
import { listOptions, optionsOfList, type Role } from "./options.ts";

/** Shortest interval between comparisons of bans in force, which cost time. */
const MIN_RESYNC_SECONDS = 5;
const KNOWN_TO_ALL: readonly string[] = [
  SHIPPED_TOKEN,
  ...ORIGINAL_PLACEHOLDERS,
];
const OWN_TOKEN = "a token of your own, such as `openssl rand -hex 32` prints";

/** Problems and warnings that the rules found. */
export interface RuleFindings {
  readonly problems: readonly ConfigProblem[];
  /** One line each. */
  readonly warnings: readonly string[];
}

interface Findings {
  readonly files: readonly ConfigFile[];
  readonly reading: ConfigReading;
  readonly problems: ConfigProblem[];
  readonly warnings: string[];
}

/**
 * Applies the rules of a role. It skips rules about values that could not be
 * read.
 *
 * @param role The role.
 * @param files The files.
 * @param reading Their content.
 */
export function checkRules(
  role: Role,
  files: readonly ConfigFile[],
  reading: ConfigReading,
): RuleFindings {
  const findings: Findings = { files, reading, problems: [], warnings: [] };
  warnOfReaders(findings);
  warnOfOpenTargets(findings, role);
  switch (role) {
    case "monitor":
      checkMonitor(findings);
      break;
    case "publisher":
      checkPublisher(findings);
      break;
    case "subscriber":
      checkSubscriber(findings);
      break;
  }
  return findings;
}

/**
 * Warns of a common host name: a subscriber skips bans of its own name.
 *
 * @param role The role; a publisher's name does not matter.
 * @param files The files.
 * @param reading Their content.
 * @param hostName This node's name.
 */
export function warningsOfHostName(
  role: Role,
  files: readonly ConfigFile[],
  reading: ConfigReading,
  hostName: HostName,
): readonly string[] {
  const isEverybodys = /^localhost(?:\.|$)/i.test(hostName);
  if (role === "publisher" || !isEverybodys) return [];
  const place = locationOf(files, reading, "general.hostname");
  const expected = "a name that no other node has";
  const why =
    `as ${hostName} it would leave out the bans of all others of that name`;
  return [`${describeProblem({ ...place, expected })}: ${why}`];
}

/** Considers the secrets of all programs, but not public placeholders. */
function warnOfReaders({ files, reading, warnings }: Findings): void {
  for (const { path, isWorldReadable } of files) {
    const options = [
      ...listOptions(),
      ...reading.lists.flatMap(({ name }) => optionsOfList(name)),
    ];
    const holdsSecret = options.some(({ section, key, option }) => {
      const found = reading.found.get(`${section}.${key}`);
      return option.isSecret === true && found?.file === path &&
        !KNOWN_TO_ALL.includes(found.text) && found.text !== option.default;
    });
    if (holdsSecret && isWorldReadable === true) {
      const expected = "mode 0600, or 0640 and a group of its own";
      const why = "everybody on this host can read the secret in it";
      warnings.push(`${describeProblem({ file: path, expected })}: ${why}`);
    }
  }
}

/** Anybody on the way could read the URL and impersonate this host. */
function warnOfOpenTargets(findings: Findings, role: Role): void {
  const { values } = findings.reading;
  const targets = [
    ["general.webhookurl", values.general.webhookurl],
    [`${role}.heartbeaturl`, values[role].heartbeaturl],
  ] as const;
  for (const [key, target] of targets) {
    if (target === null || !isOpenTarget(target)) continue;
    const why = `whoever is on the way to ${target.shown} can read the rest`;
    warn(findings, key, "a URL that begins with https://", why);
  }
}

/** Metrics and health checks are for this host only. */
function checkHttpBind(
  findings: Findings,
  role: "monitor" | "subscriber",
): void {
  const { values } = findings.reading;
  const bind = values[role].httpbindurl;
  if (bind === null) return;
  const key = `${role}.httpbindurl`;
  if (!isLocalBind(bind)) {
    complain(
      findings,
      key,
      "an address of this host only, such as http://127.0.0.1:9681",
    );
  }
  const others = (["publisher", "monitor", "subscriber"] as const)
    .filter((other) => other !== role);
  for (const other of others) {
    if (values[other].httpbindurl?.endpoint !== bind.endpoint) continue;
    const expected = `another address and port than ${other}.httpbindurl`;
    complain(findings, key, expected, `${other}.httpbindurl`);
  }
}

function checkMonitor(findings: Findings): void {
  checkHttpBind(findings, "monitor");
  const { zmqreplyserver, controlserver, importexisting, fail2bansocket } =
    findings.reading.values.monitor;
  // With protocol 2, a node authenticates with its membership.
  const token = controlserver === undefined
    ? checkToken(findings, "monitor")
    : undefined;
  if (token === SHIPPED_TOKEN && !isLoopbackUrl(zmqreplyserver)) {
    warn(findings, "monitor.authtoken", OWN_TOKEN, "it is the shipped one");
  }
  if (importexisting && fail2bansocket === "") {
    const rule = "the absolute path of a socket, since importexisting is true";
    const other = "monitor.importexisting";
    complain(findings, "monitor.fail2bansocket", rule, other);
  }
}

const PROTOCOL1_URLS = ["broadcasterbindurl", "replybindurl"] as const;
const BIND_URLS = [
  ...PROTOCOL1_URLS,
  "controlbindurl",
  "streambindurl",
] as const;

function checkPublisher(findings: Findings): void {
  const { publisher } = findings.reading.values;
  if (publisher.legacy !== "off") checkProtocol1(findings);
  checkDerived(findings);
  BIND_URLS.forEach((key, index) => {
    const same = BIND_URLS.slice(0, index)
      .find((other) => publisher[other] === publisher[key]);
    if (same === undefined) return;
    const expected = `another URL than publisher.${same}`;
    complain(findings, `publisher.${key}`, expected, `publisher.${same}`);
  });
  const http = publisher.httpbindurl?.endpoint;
  const taken = BIND_URLS.find((key) => publisher[key] === http);
  if (taken !== undefined) {
    const expected = `another address and port than publisher.${taken}`;
    const other = `publisher.${taken}`;
    complain(findings, "publisher.httpbindurl", expected, other);
  }
  checkPageBind(findings);
  checkPageUsers(findings);
  const { problems, warnings } = checkLists(findings.reading);
  findings.problems.push(...problems);
  for (const [problem, why] of warnings) {
    findings.warnings.push(`${describeProblem(problem)}: ${why}`);
  }
}

/** Others could try to log in, or eavesdrop where it is forwarded. */
function checkPageBind(findings: Findings): void {
  const { publisher } = findings.reading.values;
  const bind = publisher.pagebindurl;
  if (bind === null) return;
  const key = "publisher.pagebindurl";
  if (!isLocalBind(bind)) {
    complain(
      findings,
      key,
      "unix:PATH or an address of this host only, such as http://127.0.0.1:9683: ssh -L, or a proxy of this host that has TLS (see pagehosts), takes browsers there",
    );
  }
  const taken = ([...BIND_URLS, "httpbindurl"] as const).find((other) =>
    (other === "httpbindurl"
      ? publisher.httpbindurl?.endpoint
      : publisher[other]) === bind.endpoint
  );
  if (taken === undefined) return;
  const expected = `another address and port than publisher.${taken}`;
  complain(findings, key, expected, `publisher.${taken}`);
}

/** Over loopback, any user of this host could claim to be anybody. */
function checkPageUsers(findings: Findings): void {
  const { pageusers, pagebindurl, pagehosts } =
    findings.reading.values.publisher;
  const isUnix = pagebindurl !== null && isUnixBind(pagebindurl);
  if (pageusers.length === 0 || (isUnix && pagehosts.length > 0)) return;
  const [expected, other] = isUnix
    ? ["nobody without the proxy's name in publisher.pagehosts", "pagehosts"]
    : [
      "nobody unless publisher.pagebindurl is unix:PATH: over loopback every user of this host could say that it is one of them",
      "pagebindurl",
    ];
  complain(findings, "publisher.pageusers", expected, `publisher.${other}`);
}

/** The publisher's derived bans have the same bounds as reports. */
function checkDerived(findings: Findings): void {
  const { values: { general, publisher }, found } = findings.reading;
  for (const family of [4, 6] as const) {
    const name = `widen${family}` as const;
    const [key, floorKey] = [
      `publisher.${name}`,
      `general.minprefix${family}`,
    ];
    const floor = general[`minprefix${family}`];
    const widest = widestBits(publisher[name]);
    // If only the default is too wide, it bans no network.
    const written = found.get(key)?.text ?? PUBLISHER[name].default;
    const isDefault = written === PUBLISHER[name].default;
    if (isDefault || widest === undefined || widest >= floor) continue;
    const rule = `/${floor} or longer in each rule, as ${floorKey} says: ` +
      `/${widest} has too many neighbours`;
    complain(findings, key, rule, floorKey);
  }
  const keptMs = publisher.keephistory * 1_000;
  const longest = publisher.growth.some(({ growth }) =>
    growth !== undefined && growth.withinMs > keptMs
  );
  if (!longest) return;
  const rule = "times that publisher.keephistory keeps";
  complain(findings, "publisher.growth", rule, "publisher.keephistory");
}

/** Protocol 2 has keys instead of a token. */
function checkProtocol1(findings: Findings): void {
  const { publisher } = findings.reading.values;
  const token = publisher.authtokens === ""
    ? checkToken(findings, "publisher")
    : publisher.authtoken;
  const open = PROTOCOL1_URLS
    .find((key) => !isLoopbackUrl(publisher[key]));
  if (publisher.auth && open !== undefined && token === SHIPPED_TOKEN) {
    complain(
      findings,
      "publisher.authtoken",
      `${OWN_TOKEN}, here and at every node, ` +
        `or only loopback addresses: publisher.${open} is ${publisher[open]}`,
      "publisher.auth",
      "publisher.legacy",
    );
  }
  if (publisher.auth) return;
  if (publisher.authtokens !== "") {
    const rule = "true, since publisher.authtokens is set";
    complain(findings, "publisher.auth", rule, "publisher.authtokens");
  }
  if (
    publisher.legacy !== "readonly" && !isLoopbackUrl(publisher.replybindurl)
  ) {
    const why = "whoever reaches replybindurl can ban any address";
    warn(findings, "publisher.auth", "true", why);
  }
}

function checkSubscriber(findings: Findings): void {
  checkHttpBind(findings, "subscriber");
  const { subscriberaction, execprogram, resync } =
    findings.reading.values.subscriber;
  if (subscriberaction.includes("exec") && execprogram === "") {
    const rule = "the absolute path of a program, since exec is to run it";
    const other = "subscriber.subscriberaction";
    complain(findings, "subscriber.execprogram", rule, other);
  }
  checkProtocol2(findings);
  if (resync < MIN_RESYNC_SECONDS) {
    const rule = `${MIN_RESYNC_SECONDS}s or more`;
    complain(findings, "subscriber.resync", rule);
  }
}

function checkProtocol2(findings: Findings): void {
  const { controlserver, streamserver } = findings.reading.values.subscriber;
  if (controlserver === undefined) return;
  if (
    streamserver !== undefined && streamserver.length !== controlserver.length
  ) {
    complain(
      findings,
      "subscriber.streamserver",
      "as many URLs as subscriber.controlserver has, in the same order",
      "subscriber.controlserver",
    );
  }
  const isUnknown = controlserver.some((url) => nextPortUrl(url) === undefined);
  if (streamserver === undefined && isUnknown) {
    const rule =
      "the URL of the stream, since controlserver's port does not tell";
    complain(
      findings,
      "subscriber.streamserver",
      rule,
      "subscriber.controlserver",
    );
  }
}

/** How a section can do without protocol 1. */
const WITHOUT_TOKEN = {
  monitor: "fail2ban-cluster join sets controlserver",
  publisher: "legacy = off",
} as const;

/** Returns the token to be used, if any. */
function checkToken(
  findings: Findings,
  section: "monitor" | "publisher",
): string | undefined {
  const { auth, authtoken } = findings.reading.values[section];
  const key = `${section}.authtoken`;
  if (!auth) return undefined;
  if (authtoken === undefined) {
    const rule =
      `a token, since ${section}.auth is true; protocol 2 needs none: ${
        WITHOUT_TOKEN[section]
      }`;
    complain(findings, key, rule, `${section}.auth`);
  } else if (ORIGINAL_PLACEHOLDERS.includes(authtoken)) {
    warn(findings, key, OWN_TOKEN, "it is a placeholder that everybody knows");
  } else if (authtoken.length < MIN_SECRET_LENGTH) {
    const why = `fewer than ${MIN_SECRET_LENGTH} characters are soon guessed`;
    warn(findings, key, OWN_TOKEN, why);
  }
  return authtoken;
}

function complain(
  { files, reading, problems }: Findings,
  key: string,
  expected: string,
  ...others: readonly string[]
): void {
  const unread = new Set(reading.problems.map((problem) => problem.key));
  if ([key, ...others].some((name) => unread.has(name))) return;
  problems.push({ ...locationOf(files, reading, key), expected });
}

function warn(
  { files, reading, warnings }: Findings,
  key: string,
  expected: string,
  why: string,
): void {
  const place = locationOf(files, reading, key);
  warnings.push(`${describeProblem({ ...place, expected })}: ${why}`);
}
