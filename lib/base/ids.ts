/**
 * Names by which publisher and nodes know databases, events and sessions.
 *
 * @module
 */

/** Names the publisher's database: 32 lower-case hexadecimal digits. */
export type Epoch = string & { readonly brand: "Epoch" };

/** Names an event among those of its node: 16 to 64 of `A-Z a-z 0-9 _ -`. */
export type EventId = string & { readonly brand: "EventId" };

/** Names a connection that said HELLO: 32 lower-case hexadecimal digits. */
export type SessionId = string & { readonly brand: "SessionId" };

/**
 * Names where a program of a node runs, a host and its state folder: 32
 * lower-case hexadecimal digits.
 */
export type PlaceId = string & { readonly brand: "PlaceId" };

const EPOCH = /^[0-9a-f]{32}$/;

/** Whether a value is an epoch. */
export function isEpoch(value: unknown): value is Epoch {
  return typeof value === "string" && EPOCH.test(value);
}

/** What a connection is for. */
export type NodeRole = "monitor" | "subscriber";
