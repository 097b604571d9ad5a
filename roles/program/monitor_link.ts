/**
 * The monitor's link to the publisher, for the configured protocol.
 *
 * @module
 */

import { ControlClient } from "../../lib/client/control_client.ts";
import { connectToAny } from "../../lib/client/first_answer.ts";
import { placeOf } from "../../lib/client/io/place.ts";
import { Protocol2Link } from "../../lib/monitor/protocol2_link.ts";
import type { AllowlistProtection } from "../../lib/protection/allowlist_protection.ts";
import type { ZmqContext } from "../../lib/zmq/io/zmq_socket.ts";
import { Protocol1Link } from "../../lib/monitor/protocol1_link.ts";
import type { StatusFigures } from "../../lib/service/status_report.ts";
import { MAX_REQUEST_BYTES } from "../../lib/wire/v1.ts";
import { MAX_CONTROL_BYTES } from "../../lib/wire/v2.ts";
import { silenceExplainer } from "./silent_publisher.ts";
import { unbanHere } from "./own_fail2ban.ts";
import { NodeMembership } from "./node_membership.ts";
import type { RoleContext } from "./invocation.ts";

/** Options for {@link openReportLink}. */
export interface ReportLinkOptions extends
  Pick<
    RoleContext<"monitor">,
    "config" | "clock" | "log" | "pace" | "dryRun" | "onReload"
  > {
  readonly zeromq: ZmqContext;
  /** This program's version. */
  readonly version: string;
  /**
   * Time since the last line was read, in milliseconds; `null` before the
   * first.
   */
  readonly logReadAgoMs: () => number | null;
  /** Applies the cluster's allowlist. */
  readonly allowlist: Pick<AllowlistProtection, "replace" | "judge">;
}

/** The link, and the tasks to run beside it. */
export interface OpenedLink {
  readonly link: Protocol1Link | Protocol2Link;
  /** What is known of the publisher; nothing with protocol 1. */
  readonly publisherFigures: () => StatusFigures;
  /** Follows the membership until aborted, if there is one. */
  readonly tasks: readonly ((signal: AbortSignal) => Promise<void>)[];
}

/**
 * Creates the link; it connects when it runs.
 *
 * @param options See {@link ReportLinkOptions}.
 * @throws {ConfigError} when this host has not joined the cluster.
 */
export async function openReportLink(
  options: ReportLinkOptions,
): Promise<OpenedLink> {
  const { config, clock, log, pace, dryRun } = options;
  const { zeromq, version, allowlist } = options;
  const { controlServerUrls, replyServerUrl, token, general } = config;
  if (controlServerUrls === undefined) {
    const limits = { maxMessageBytes: MAX_REQUEST_BYTES };
    const connect = () => zeromq.dealer(replyServerUrl, limits);
    const link = new Protocol1Link({ connect, clock, log, token });
    return { link, publisherFigures: () => ({}), tasks: [] };
  }
  const membership = await NodeMembership.read(
    options,
    controlServerUrls.map((controlUrl) => ({ controlUrl })),
  );
  const { addresses } = membership;
  const session: ControlClient = new ControlClient({
    ...{ clock, log, version, pace },
    place: await placeOf(general.stateDir),
    condition: () => ({
      kind: "monitor",
      logReadAgoMs: options.logReadAgoMs(),
      unacknowledged: link.counters.submitted - link.settled,
      oldestAgoMs: link.oldestAgoMs,
    }),
    connect: () =>
      connectToAny(addresses, (url, reconnectMaxMs) =>
        zeromq.dealer(url, {
          reconnectMaxMs,
          maxMessageBytes: MAX_CONTROL_BYTES,
          security: membership.security,
        })),
    node: general.hostName,
    role: "monitor",
    unban: unbanHere(
      general.localUnban && !dryRun,
      config.fail2banSocket,
      log,
    ),
    move: membership.move,
    onWelcome: () => {
      addresses.noteWelcome();
    },
    judge: (address) => allowlist.judge(address),
    explain: silenceExplainer(membership, general),
    token: () => membership.token,
    onIgnore: (list) => allowlist.replace(list),
  });
  const link = new Protocol2Link({ session, clock, log });
  return {
    link,
    publisherFigures: () => session.figures,
    tasks: [(signal) => membership.run(signal, () => session.renew())],
  };
}

/**
 * Totals of a link. Its refusals get another name: they are not the monitor's
 * own.
 */
export function linkFigures(
  link: Protocol1Link | Protocol2Link,
): StatusFigures {
  const { refused, ...others } = link.counters;
  return { ...others, refusedByPublisher: refused };
}
