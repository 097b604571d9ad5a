/**
 * The monitor's way to the publisher, by the protocol that is configured.
 *
 * @module
 */

import { ControlSession } from "../../lib/control_session.ts";
import { EventLink } from "../../lib/event_link.ts";
import type { ZmqContext } from "../../lib/io/zmq_socket.ts";
import { RequestLink } from "../../lib/request_link.ts";
import type { StatusFigures } from "../../lib/status_report.ts";
import { MAX_REQUEST_BYTES } from "../../lib/wire_v1.ts";
import { MAX_CONTROL_BYTES } from "../../lib/wire_v2.ts";
import type { RoleContext } from "./role_program.ts";

/** What the link is made of. */
export interface ReportLinkOptions
  extends Pick<RoleContext<"monitor">, "config" | "clock" | "log"> {
  readonly zeromq: ZmqContext;
  /** This program's version. */
  readonly version: string;
}

/**
 * Makes the link; it connects once it runs.
 *
 * @param options What it is made of.
 */
export function openReportLink(
  { config, clock, log, zeromq, version }: ReportLinkOptions,
): RequestLink | EventLink {
  const { controlServerUrl, replyServerUrl, token, general } = config;
  if (controlServerUrl === undefined) {
    const limits = { maxMessageBytes: MAX_REQUEST_BYTES };
    const connect = () => zeromq.dealer(replyServerUrl, limits);
    return new RequestLink({ connect, clock, log, token });
  }
  const limits = { maxMessageBytes: MAX_CONTROL_BYTES };
  const session = new ControlSession({
    ...{ clock, log, token, version },
    connect: () => zeromq.dealer(controlServerUrl, limits),
    node: general.hostName,
    role: "monitor",
  });
  return new EventLink({ session, clock, log });
}

/** What a link has done; what it was refused is not what the monitor refused. */
export function linkFigures(link: RequestLink | EventLink): StatusFigures {
  const { refused, ...others } = link.counters;
  return { ...others, refusedByPublisher: refused };
}
