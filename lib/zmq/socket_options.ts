/**
 * What sockets are set up with: bounds, and how they keep others out.
 *
 * Against others there is CURVE. libzmq asks a handler in its own process
 * about each peer whose handshake comes that far, over a socket whose name is
 * the same everywhere. Where there is no handler it lets everybody in, unless
 * a domain is set and enforced.
 *
 * @see {@link https://rfc.zeromq.org/spec/25/ | ZeroMQ RFC 25, ZMTP-CURVE}
 * @see {@link https://rfc.zeromq.org/spec/27/ | ZeroMQ RFC 27, ZAP}
 * @see {@link https://libzmq.readthedocs.io/en/latest/zmq_setsockopt.html | zmq_setsockopt}
 * @module
 */

import type { CurveKeys, PublicKey, SecretKey } from "./curve_key.ts";
import type { SocketLimits } from "./ports.ts";

/** Where libzmq looks for the handler. */
export const ZAP_URL = "inproc://zeromq.zap.01";

/**
 * Connections that the system holds until libzmq takes them. libzmq's own 100
 * are gone in a moment when many come at once; who comes then is not told, and
 * tries again after a second. Linux has no more than this by default.
 */
const BACKLOG = 4_096;

/** First and longest pause between attempts to connect, in milliseconds. */
const [RECONNECT_MS, RECONNECT_MAX_MS] = [100, 2_000];

/** What CURVE adds to a frame: libzmq's bound is for the frame as it is on the wire. */
const CURVE_BYTES = 33;

/** Of a socket that others connect to. */
export interface ServerSecurity {
  /** The socket's own. */
  readonly secretKey: SecretKey;
  /** Tells the handler for what it is asked; not empty. */
  readonly zapDomain: string;
  /** A peer that has not finished its handshake by then is disconnected, in milliseconds. @default {3000} */
  readonly handshakeMs?: number;
}

/** Of a socket that connects. */
export interface ClientSecurity {
  /** The socket's own. */
  readonly keys: CurveKeys;
  /** Of the peer: another is not spoken to. */
  readonly serverKey: PublicKey;
}

/** What a socket is set up with that others connect to. */
export interface ServerSetup extends SocketLimits {
  /** `undefined`: in the clear, for everybody. */
  readonly security?: ServerSecurity | undefined;
}

/** What a socket is set up with that connects. */
export interface ClientSetup extends SocketLimits {
  /** `undefined`: in the clear. */
  readonly security?: ClientSecurity | undefined;
  /** Longest pause between attempts to connect, in milliseconds. @default {2000} */
  readonly reconnectMaxMs?: number | undefined;
}

/** The options of a ROUTER, by the names of zeromq.js. */
export function routerOptions(setup: ServerSetup) {
  return { ...publisherOptions(setup), ...receiving(setup) };
}

/** The options of a PUB, likewise. */
export function publisherOptions(setup: ServerSetup) {
  const options = { ...common(setup), ...sending(setup), ...server(setup) };
  return { ...options, backlog: BACKLOG };
}

/** The options of a DEALER, likewise. */
export function dealerOptions(setup: ClientSetup) {
  return { ...subscriberOptions(setup), ...sending(setup), immediate: true };
}

/** The options of a SUB, likewise. */
export function subscriberOptions(setup: ClientSetup) {
  const { reconnectMaxMs = RECONNECT_MAX_MS } = setup;
  return {
    ...{ ...common(setup), ...receiving(setup), ...client(setup) },
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

/** Sockets that don't receive refuse these. */
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
