/**
 * Observes this host as a node: its membership, its connection to the
 * publisher, and its subscriber's actions.
 *
 * @module
 */

import { SystemClock } from "../../lib/async/io/system_clock.ts";
import { endpointHost } from "../../lib/base/endpoint_url.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { sameHost } from "../../lib/base/host_name.ts";
import { lookAtPublisher } from "../../lib/client/io/publisher_probe.ts";
import type { SubscriberConfig, ValueSource } from "../../lib/config/config.ts";
import type { ActionFacts } from "../../lib/diagnosis/action_check.ts";
import type { NodeFacts } from "../../lib/diagnosis/diagnosis.ts";
import type { PlacedOption } from "../../lib/diagnosis/fix_commands.ts";
import type {
  MembershipFacts,
  ReachFacts,
} from "../../lib/diagnosis/hub_check.ts";
import { checkProgram } from "../../lib/enforce/io/program_check.ts";
import type { Membership, PublisherAddress } from "../../lib/members/member.ts";
import { publisherAddresses } from "../../lib/members/moved_publisher.ts";
import { NftProcess } from "../../lib/nftables/io/nft_process.ts";
import { NftEnforcer } from "../../lib/nftables/nft_enforcer.ts";
import { demandNft } from "../../lib/nftables/nft_lister.ts";
import { renderNftTable } from "../../lib/nftables/nft_script.ts";
import type { StatusFigures } from "../../lib/service/status_report.ts";
import { membershipFile } from "./member_files.ts";
import { type NodeConfigs, observeFail2ban } from "./observed_fail2ban.ts";

/** Further facts about the host. */
export interface NodeSurroundings {
  /** The folder of this program. */
  readonly dir: string;
  /** Totals of the running monitor; `undefined` when none runs. */
  readonly monitorFigures: StatusFigures | undefined;
  /** Where the subscriber's options were set. */
  readonly subscriberSources: readonly ValueSource[];
  /** Whether this host is the publisher's as well. */
  readonly isHub: boolean;
}

/** Timeout of checks of the firewall. */
const LOOK_MS = 10_000;

/** Observes the node. */
export async function observeNode(
  configs: NodeConfigs,
  around: NodeSurroundings,
): Promise<NodeFacts> {
  const { monitor, subscriber } = configs;
  const general = (monitor ?? subscriber)?.general;
  const stateDir = general?.stateDir ?? "";
  const joined = await readMembership(stateDir);
  const observed = await observeFail2ban(
    configs,
    around.monitorFigures,
    around.dir,
  );
  return {
    membership: membershipOf(joined, configs, around),
    node: general?.hostName,
    reach: await observeReach(configs, joined, around),
    ...observed,
    actions: subscriber === undefined ? [] : await observeActions(subscriber),
  };
}

type Joined =
  | { readonly kind: "read"; readonly membership: Membership | undefined }
  | {
    readonly kind: "damaged";
    readonly reason: string;
    readonly hint: string | undefined;
  };

async function readMembership(stateDir: string): Promise<Joined> {
  try {
    return { kind: "read", membership: await membershipFile(stateDir).read() };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    return { kind: "damaged", reason: error.message, hint: error.hint };
  }
}

function membershipOf(
  joined: Joined,
  { monitor, subscriber, monitorSources }: NodeConfigs,
  { subscriberSources }: NodeSurroundings,
): MembershipFacts {
  if (joined.kind === "damaged") return joined;
  const unused: PlacedOption[] = [];
  if (monitor !== undefined && monitor.controlServerUrls === undefined) {
    unused.push(placed("monitor", "controlserver", monitorSources));
  }
  if (subscriber !== undefined && subscriber.protocol2 === undefined) {
    unused.push(placed("subscriber", "controlserver", subscriberSources));
  }
  const programs = [monitor, subscriber].filter((each) => each !== undefined);
  const { membership } = joined;
  if (membership === undefined) {
    return { kind: unused.length < programs.length ? "missing" : "none" };
  }
  if (unused.length > 0) {
    return { kind: "unused", options: unused, url: membership.controlUrl };
  }
  const { node } = membership;
  const isOwn = programs.every(({ general }) =>
    sameHost(node, general.hostName)
  );
  return { kind: "joined", node, isOwn };
}

function placed(
  section: string,
  key: string,
  sources: readonly ValueSource[],
): PlacedOption {
  const from = sources.find((each) =>
    each.section === section && each.key === key
  )?.from;
  return { section, key, from };
}

/** A configured port of the publisher, with its possible new addresses. */
interface ReachLook extends Omit<ReachFacts, "cause" | "tookMs" | "isHere"> {
  readonly places: readonly string[];
}

async function observeReach(
  { monitor, subscriber, monitorSources }: NodeConfigs,
  joined: Joined,
  { subscriberSources, isHub }: NodeSurroundings,
): Promise<readonly ReachFacts[]> {
  const membership = joined.kind === "read" ? joined.membership : undefined;
  const looks = new Map<string, ReachLook>();
  const plain = (url: string | undefined, option: PlacedOption) => {
    if (url === undefined || looks.has(url)) return;
    const expected = "plain" as const;
    looks.set(url, { option, url, joinedUrl: url, expected, places: [url] });
  };
  const encrypted = (
    url: string,
    option: PlacedOption,
    kind: keyof PublisherAddress,
  ) => {
    if (looks.has(url)) return;
    const joinedUrl = membership?.[kind] ?? url;
    // A configured address takes precedence over one that a publisher sent.
    const places = membership !== undefined && url === joinedUrl
      ? publisherAddresses(membership).map((address) => address[kind])
      : [url];
    looks.set(url, { option, url, joinedUrl, expected: "encrypted", places });
  };
  if (monitor !== undefined) {
    const { controlServerUrls, replyServerUrl } = monitor;
    const at = (key: string) => placed("monitor", key, monitorSources);
    if (controlServerUrls === undefined) {
      plain(replyServerUrl, at("zmqreplyserver"));
    }
    for (const url of controlServerUrls ?? []) {
      encrypted(url, at("controlserver"), "controlUrl");
    }
  }
  if (subscriber !== undefined) {
    const { protocol2, publisherUrl } = subscriber;
    const at = (key: string) => placed("subscriber", key, subscriberSources);
    if (protocol2 === undefined) plain(publisherUrl, at("zmqpublisherurl"));
    for (const { controlUrl, streamUrl } of protocol2 ?? []) {
      encrypted(controlUrl, at("controlserver"), "controlUrl");
      encrypted(streamUrl, at("streamserver"), "streamUrl");
    }
  }
  const found = await Promise.all(
    [...looks.values()].map((look) => lookAround(look, isHub)),
  );
  return found.flat();
}

/**
 * A publisher that moved answers at its new address; the configuration may keep
 * the old one.
 *
 * @returns The first address that answers as expected; otherwise the most
 * likely one.
 */
async function lookAround(
  { places, ...configured }: ReachLook,
  isHub: boolean,
): Promise<readonly ReachFacts[]> {
  const found = await Promise.all(places.map(async (url) => {
    const host = endpointHost(url) ?? "";
    const isHere = isHub || /^(?:127\.|localhost$|::1$)/.test(host);
    const beganMs = performance.now();
    const cause = await lookAtPublisher(url);
    const tookMs = performance.now() - beganMs;
    const joinedUrl = url === configured.url ? configured.joinedUrl : url;
    return { ...configured, url, joinedUrl, isHere, cause, tookMs };
  }));
  const there = found.filter(({ cause, expected }) => cause.kind === expected);
  return [...there, ...found].slice(0, 1);
}

async function observeActions(
  config: SubscriberConfig,
): Promise<readonly ActionFacts[]> {
  return await Promise.all(config.actions.map(async (action) => {
    try {
      return {
        action,
        trouble: undefined,
        found: await lookAtAction(action, config),
      };
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      const { message: reason, hint } = error;
      return { action, trouble: { reason, hint }, found: undefined };
    }
  }));
}

/** @returns Number of bans in force, where it can be counted. */
async function lookAtAction(
  action: SubscriberConfig["actions"][number],
  { nftTable: table, execProgram = "" }: SubscriberConfig,
): Promise<number | undefined> {
  switch (action) {
    case "log":
    case "fail2banclient":
      return undefined;
    case "exec":
      await checkProgram(execProgram);
      return undefined;
    case "nftables": {
      const clock = new SystemClock();
      const program = new NftProcess(clock);
      const signal = AbortSignal.timeout(LOOK_MS);
      // Tests whether the table could be created, without creating it.
      const call = {
        args: ["--check", "--file", "-"],
        input: renderNftTable(table),
        timeoutMs: LOOK_MS,
      };
      demandNft(await program.call(call, signal), table);
      return (await new NftEnforcer({ clock, program, table }).list(signal))
        .length;
    }
  }
}
