/**
 * The publisher's sockets.
 *
 * @module
 */

import type { PublisherConfig } from "../../lib/config.ts";
import type { ZmqContext } from "../../lib/io/zmq_socket.ts";
import type {
  Protocol1Sockets,
  Protocol2Sockets,
} from "../../lib/publisher.ts";
import { MAX_MESSAGE_BYTES, MAX_REQUEST_BYTES } from "../../lib/wire_v1.ts";
import { MAX_CONTROL_BYTES, MAX_STREAM_BYTES } from "../../lib/wire_v2.ts";

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
): Protocol1Sockets {
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

/** Binds the sockets of protocol 2. */
export function bindProtocol2(
  zeromq: ZmqContext,
  config: PublisherConfig,
): Protocol2Sockets {
  return {
    stream: zeromq.publisher(config.streamBindUrl, {
      maxMessageBytes: MAX_STREAM_BYTES,
      sendQueueMessages: STREAM_QUEUE,
      lingerMs: LINGER_MS,
    }),
    control: zeromq.router(config.controlBindUrl, {
      maxMessageBytes: MAX_CONTROL_BYTES,
      sendQueueMessages: ANSWER_QUEUE,
      lingerMs: LINGER_MS,
    }),
  };
}
