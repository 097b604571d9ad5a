/**
 * The publisher's sockets.
 *
 * @module
 */

import type { PublisherConfig } from "../../lib/config/config.ts";
import type { SecretKey } from "../../lib/zmq/curve_key.ts";
import type { ZmqContext } from "../../lib/zmq/io/zmq_socket.ts";
import {
  ZAP_DOMAIN,
  ZAP_STREAM_DOMAIN,
} from "../../lib/publisher/connection_gate.ts";
import type { Protocol1Service } from "../../lib/publisher/protocol1_server.ts";
import type { Protocol2Service } from "../../lib/publisher/protocol2_server.ts";
import { ReboundSocket } from "../../lib/zmq/rebound_socket.ts";
import { MAX_MESSAGE_BYTES, MAX_REQUEST_BYTES } from "../../lib/wire/v1.ts";
import { MAX_CONTROL_BYTES, MAX_STREAM_BYTES } from "../../lib/wire/v2.ts";
import type { RoleContext } from "./invocation.ts";

/** A slow subscriber may be so far behind before it misses messages. */
const STREAM_QUEUE = 100_000;
/** Answers that may wait for a node: it has a few questions on their way, no more. */
const ANSWER_QUEUE = 16;
/** What was sent is still delivered for so long after a stop. */
const LINGER_MS = 500;

/** Binds the sockets of protocol 1. */
export function bindProtocol1(
  zeromq: ZmqContext,
  config: PublisherConfig,
): Pick<Protocol1Service, "broadcasts" | "replies"> {
  return {
    broadcasts: zeromq.publisher(config.broadcasterBindUrl, {
      maxMessageBytes: MAX_MESSAGE_BYTES,
      sendQueueMessages: STREAM_QUEUE,
      lingerMs: LINGER_MS,
    }),
    replies: zeromq.router(config.replyBindUrl, {
      maxMessageBytes: MAX_REQUEST_BYTES,
      lingerMs: LINGER_MS,
    }),
  };
}

/** What the sockets of protocol 2 are made of. */
export interface Protocol2Setting
  extends Pick<RoleContext<"publisher">, "config" | "clock" | "log"> {
  /** The publisher's. */
  readonly secretKey: SecretKey;
}

/** Binds the sockets of protocol 2, and before them the one that libzmq asks who may connect. */
export function bindProtocol2(
  zeromq: ZmqContext,
  { config, clock, log, secretKey }: Protocol2Setting,
): Pick<Protocol2Service, "control" | "stream" | "zap"> {
  const common = (zapDomain: string) => ({
    lingerMs: LINGER_MS,
    security: { secretKey, zapDomain },
  });
  const zap = zeromq.zap();
  const stream = new ReboundSocket({
    ...{ clock, log },
    bind: () =>
      zeromq.publisher(config.streamBindUrl, {
        ...common(ZAP_STREAM_DOMAIN),
        maxMessageBytes: MAX_STREAM_BYTES,
        sendQueueMessages: STREAM_QUEUE,
      }),
  });
  const control = new ReboundSocket({
    ...{ clock, log },
    bind: () =>
      zeromq.router(config.controlBindUrl, {
        ...common(ZAP_DOMAIN),
        maxMessageBytes: MAX_CONTROL_BYTES,
        sendQueueMessages: ANSWER_QUEUE,
      }),
  });
  return { zap, stream, control };
}
