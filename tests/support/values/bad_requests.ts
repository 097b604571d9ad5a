import { bytes } from "../cluster/raw_client.ts";

export const TOKEN = "a-token-for-tests";

export const GOOD = `${TOKEN}|host-a|sshd|Ban|203.0.113.1`;

/**
 * Bodies that crashed or deceived the original, and others that must never
 * pass.
 */
export const BAD: readonly [what: string, body: Uint8Array[]][] = [
  ["an empty message", [bytes("")]],
  ["no message", []],
  ["one byte 0xff", [new Uint8Array([0xff])]],
  ["two bytes that are not UTF-8", [new Uint8Array([0xc3, 0x28])]],
  ["a two-part message", [bytes(GOOD), bytes(GOOD)]],
  ["a token and three fields", [bytes(`${TOKEN}|h|j|Ban`)]],
  ["an empty host", [bytes(`${TOKEN}||sshd|Ban|203.0.113.1`)]],
  ["no token", [bytes("host-a|sshd|Ban|203.0.113.1")]],
  ["another token", [bytes("wrong|host-a|sshd|Ban|203.0.113.1")]],
  ["an empty jail", [bytes(`${TOKEN}|host-a||Ban|203.0.113.1`)]],
  ["a jail with a bar", [bytes(`${TOKEN}|host-a|a|b|Ban|203.0.113.1`)]],
  ["a jail with a line end", [bytes(`${TOKEN}|host-a|sshd\n|Ban|203.0.113.1`)]],
  ["a jail that is a setting", [bytes(`${TOKEN}|h|logtarget|Ban|203.0.113.1`)]],
  ["address 1", [bytes(`${TOKEN}|host-a|sshd|Ban|1`)]],
  ["a command", [bytes(`${TOKEN}|host-a|sshd|Ban|1.2.3.4 ; reboot`)]],
  ["address 0.0.0.0", [bytes(`${TOKEN}|host-a|sshd|Ban|0.0.0.0`)]],
  ["prefix 0.0.0.0/0", [bytes(`${TOKEN}|host-a|sshd|Ban|0.0.0.0/0`)]],
  ["address ::1", [bytes(`${TOKEN}|host-a|sshd|Ban|::1`)]],
  ["address 127.0.0.1", [bytes(`${TOKEN}|host-a|sshd|Ban|127.0.0.1`)]],
  ["another action", [bytes(`${TOKEN}|host-a|sshd|Flush|203.0.113.1`)]],
];
