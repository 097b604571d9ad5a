/**
 * Invalid messages of protocol 1.
 *
 * @module
 */

import type { RejectReason } from "../../../lib/wire/v1.ts";

const GOOD = "web-1|sshd|Ban|192.0.2.1";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Messages that are invalid with any token, with the reasons. */
export const BAD_MESSAGES: readonly (readonly [
  what: string,
  frames: readonly Uint8Array[],
  reason: RejectReason,
])[] = [
  ["no frame", [], "frames"],
  ["two frames", [bytes(GOOD), bytes(GOOD)], "frames"],
  ["an empty frame behind", [bytes(GOOD), bytes("")], "frames"],
  ["64 MiB", [new Uint8Array(64 * 1_048_576)], "oversized"],
  ["an empty message", [bytes("")], "fields"],
  ["one byte 0xff", [Uint8Array.of(0xff)], "encoding"],
  ["a byte of Latin-1", [Uint8Array.of(0x6d, 0xfc, 0x7c, 0x6a)], "encoding"],
  ["half a character", [Uint8Array.of(0x61, 0xe2, 0x82)], "encoding"],
  ["an overlong NUL", [Uint8Array.of(0xc0, 0x80)], "encoding"],
  ["a surrogate", [Uint8Array.of(0xed, 0xa0, 0x80)], "encoding"],
  ["a word", [bytes("NAK")], "fields"],
  ["three fields", [bytes("web-1|sshd|Ban")], "fields"],
  ["six fields", [bytes("a|web-1|sshd|Ban|192.0.2.1|x")], "fields"],
  ["bars only", [bytes("|".repeat(100))], "fields"],
];

/** Messages of four fields with one invalid field, which is named. */
export const BAD_FIELDS:
  readonly (readonly [message: string, reason: RejectReason])[] = [
    ["|sshd|Ban|192.0.2.1", "host"],
    [" |sshd|Ban|192.0.2.1", "host"],
    ["-web|sshd|Ban|192.0.2.1", "host"],
    ["\ufeffweb-1|sshd|Ban|192.0.2.1", "host"],
    ["m\u00fcller|sshd|Ban|192.0.2.1", "host"],
    ["web-1||Ban|192.0.2.1", "jail"],
    ["web-1|ssh d|Ban|192.0.2.1", "jail"],
    ["web-1|logtarget|Ban|192.0.2.1", "jail"],
    ["web-1|sshd||192.0.2.1", "action"],
    ["web-1|sshd|Banned|192.0.2.1", "action"],
    ["web-1|sshd| Ban|192.0.2.1", "action"],
    ["web-1|sshd|Ban\n|192.0.2.1", "action"],
    ["web-1|sshd|\u0130ban|192.0.2.1", "action"],
    ["web-1|sshd|Ban|", "address"],
    ["h|j|Ban|1", "address"],
    ["h|j|Ban|1.2", "address"],
    ["h|j|Ban|010.0.0.1", "address"],
    ["h|j|Ban|1.2.3.4 ; reboot", "address"],
    ["h|j|Ban|1.2.3.4\n", "address"],
    ["h|j|Ban|1.2.3.4\0", "address"],
    ["h|j|Ban|::ffff:1.2.3.4", "address"],
    ["h|j|Ban|fe80::1%eth0", "address"],
    ["h|j|Ban|192.0.2.1/24", "address"],
    ["h|j|Ban|example.net", "address"],
  ];
