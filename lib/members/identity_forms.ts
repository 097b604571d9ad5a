/**
 * The stored forms of the publisher's identity and of a node's membership.
 *
 * @module
 */

import {
  type CurveKeys,
  parsePublicKey,
  parseSecretKey,
} from "../zmq/curve_key.ts";
import { parseEndpointUrl } from "../base/endpoint_url.ts";
import { parseHostName } from "../base/host_name.ts";
import type {
  Membership,
  PublisherAddress,
  PublisherIdentity,
} from "./member.ts";
import { MAX_MOVED } from "./moved_publisher.ts";
import {
  type StoredForm,
  type Versioned,
  versioned,
} from "../base/json_form.ts";
import {
  flag,
  integer,
  list,
  record,
  recordAndMore,
  text,
} from "../base/json_shape.ts";

const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** Reads a node's token: 256 bits in base64url. */
export function parseNodeToken(text: string): string | undefined {
  return TOKEN.test(text) ? text : undefined;
}

const version = integer("version", 1, 1);
const keys = record<CurveKeys>({
  publicKey: text("publicKey", parsePublicKey),
  secretKey: text("secretKey", parseSecretKey),
});
const url = (name: "controlUrl" | "streamUrl") =>
  text(name, (text) => parseEndpointUrl(text, "connect"));
/** Where nodes reach a publisher. */
export const ADDRESS_SHAPE = {
  controlUrl: url("controlUrl"),
  streamUrl: url("streamUrl"),
};

/** Keys and URLs of a publisher. */
export const IDENTITY_SHAPE = { keys, ...ADDRESS_SHAPE };

/** The stored form of the publisher's identity. */
export const IDENTITY_FORM: StoredForm<PublisherIdentity> = versioned(
  "the publisher's identity",
  recordAndMore<
    Versioned<Omit<PublisherIdentity, "isTold">>,
    Required<Pick<PublisherIdentity, "isTold">>
  >({ version, ...IDENTITY_SHAPE }, { isTold: flag("isTold") }),
);

/** The stored form of a node's membership. */
export const MEMBERSHIP_FORM: StoredForm<Membership> = versioned(
  "the membership",
  recordAndMore<
    Versioned<Omit<Membership, "moved">>,
    Required<Pick<Membership, "moved">>
  >({
    version,
    node: text("node", parseHostName),
    keys,
    publisherKey: text("publisherKey", parsePublicKey),
    token: text("token", parseNodeToken),
    ...ADDRESS_SHAPE,
  }, {
    moved: list("moved", record<PublisherAddress>(ADDRESS_SHAPE), 1, MAX_MOVED),
  }),
);
