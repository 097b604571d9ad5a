/**
 * Identifiers of databases, events, sessions and places.
 *
 * @module
 */

/** Identifies the publisher's database: 32 lower-case hexadecimal digits. */
export type Epoch = string & { readonly brand: "Epoch" };

/** Identifies an event of a node: 16 to 64 of `A-Z a-z 0-9 _ -`. */
export type EventId = string & { readonly brand: "EventId" };

/**
 * Identifies a connection that sent HELLO: 32 lower-case hexadecimal digits.
 */
export type SessionId = string & { readonly brand: "SessionId" };

/**
 * Identifies where a program of a node runs, that is a host and a state folder:
 * 32 lower-case hexadecimal digits.
 */
export type PlaceId = string & { readonly brand: "PlaceId" };

const EPOCH = /^[0-9a-f]{32}$/;

/** Whether a value is an epoch. */
export function isEpoch(value: unknown): value is Epoch {
  return typeof value === "string" && EPOCH.test(value);
}

/** The purpose of a connection. */
export type NodeRole = "monitor" | "subscriber";
