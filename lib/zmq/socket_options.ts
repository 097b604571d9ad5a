/**
 * Socket options: limits, and security.
 *
 * CURVE keeps strangers out. For each peer that completes its handshake, libzmq
 * asks a handler in its own process over a socket with a fixed name. Without a
 * handler it admits everybody, unless a domain is set and enforced.
 *
 * @see {@link https://rfc.zeromq.org/spec/25/ | ZeroMQ RFC 25, ZMTP-CURVE}
 * @see {@link https://rfc.zeromq.org/spec/27/ | ZeroMQ RFC 27, ZAP}
 * @see {@link https://libzmq.readthedocs.io/en/latest/zmq_setsockopt.html | zmq_setsockopt}
 * @module
 */

import type { CurveKeys, PublicKey, SecretKey } from "./curve_key.ts";
import type { SocketLimits } from "./ports.ts";

/** The address at which libzmq looks for the ZAP handler. */
export const ZAP_URL = "inproc://zeromq.zap.01";

/**
 * Connections that the system holds until libzmq accepts them. libzmq's default
 * of 100 fills up when many peers connect at once; a peer that finds it full
 * gets no error and retries after a second. 4096 is Linux's default maximum.
 */
const BACKLOG = 4_096;

/** First and longest pause between attempts to connect, in milliseconds. */
const [RECONNECT_MS, RECONNECT_MAX_MS] = [100, 2_000];
/**
 * Time limit for TCP's part of connecting, in milliseconds; then libzmq tries
 * again. The system would ask an absent host ever more rarely.
 */
const CONNECT_TIMEOUT_MS = 2_000;

/**
 * Bytes that CURVE adds to a frame: libzmq's limit applies to the frame on the
 * wire.
 */
const CURVE_BYTES = 33;

/** Security of a socket that others connect to. */
export interface ServerSecurity {
  /** The socket's own secret key. */
  readonly secretKey: SecretKey;
  /** The domain in ZAP requests, which tells the handler apart; not empty. */
  readonly zapDomain: string;
  /**
   * Time limit for a peer's handshake, in milliseconds; then it is
   * disconnected.
   *
   * @default {3000}
   */
  readonly handshakeMs?: number;
}

/** Security of a socket that connects. */
export interface ClientSecurity {
  /** The socket's own keys. */
  readonly keys: CurveKeys;
  /** The expected key of the peer; a peer with another key is refused. */
  readonly serverKey: PublicKey;
}

/** Setup of a socket that others connect to. */
export interface ServerSetup extends SocketLimits {
  /** `undefined`: unencrypted, and open to everybody. */
  readonly security?: ServerSecurity | undefined;
}

/** Setup of a socket that connects. */
export interface ClientSetup extends SocketLimits {
  /** `undefined`: unencrypted. */
  readonly security?: ClientSecurity | undefined;
  /** Longest pause between attempts to connect, in ms. @default {2000} */
  readonly reconnectMaxMs?: number | undefined;
}

/** The options of a ROUTER, under zeromq.js's names. */
export function routerOptions(setup: ServerSetup) {
  return { ...publisherOptions(setup), ...receiving(setup) };
}

/** The options of a PUB, under zeromq.js's names. */
export function publisherOptions(setup: ServerSetup) {
  const options = { ...common(setup), ...sending(setup), ...server(setup) };
  return { ...options, backlog: BACKLOG };
}

/** The options of a DEALER, under zeromq.js's names. */
export function dealerOptions(setup: ClientSetup) {
  return { ...subscriberOptions(setup), ...sending(setup), immediate: true };
}

/** The options of a SUB, under zeromq.js's names. */
export function subscriberOptions(setup: ClientSetup) {
  const { reconnectMaxMs = RECONNECT_MAX_MS } = setup;
  return {
    ...{ ...common(setup), ...receiving(setup), ...client(setup) },
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectInterval: RECONNECT_MS,
    reconnectMaxInterval: reconnectMaxMs,
  };
}

function common(setup: ServerSetup | ClientSetup) {
  const { maxMessageBytes, lingerMs = 0, security } = setup;
  return {
    maxMessageSize: maxMessageBytes +
      (security === undefined ? 0 : CURVE_BYTES),
    linger: lingerMs,
    ipv6: true,
    heartbeatInterval: 5_000,
    heartbeatTimeout: 10_000,
    heartbeatTimeToLive: 15_000,
    handshakeInterval: 10_000,
  };
}

function sending({ sendQueueMessages = 1_000 }: SocketLimits) {
  return { sendTimeout: 0, sendHighWaterMark: sendQueueMessages };
}

/** Options for receiving sockets only; zeromq.js refuses them on others. */
function receiving({ receiveQueueMessages = 1_000 }: SocketLimits) {
  return { receiveTimeout: 0, receiveHighWaterMark: receiveQueueMessages };
}

function server({ security }: ServerSetup) {
  if (security === undefined) return {};
  return {
    curveServer: true,
    curveSecretKey: security.secretKey,
    zapDomain: security.zapDomain,
    zapEnforceDomain: true,
    handshakeInterval: security.handshakeMs ?? 3_000,
  };
}

function client({ security }: ClientSetup) {
  if (security === undefined) return {};
  const { keys: { publicKey, secretKey }, serverKey } = security;
  return {
    curvePublicKey: publicKey,
    curveSecretKey: secretKey,
    curveServerKey: serverKey,
  };
}
