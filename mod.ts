/**
 * The core of fail2ban-cluster as a library: the vocabulary, fail2ban's log
 * lines, the rules that decide about bans, both protocols, and the replica of
 * the cluster's bans.
 *
 * Everything here is pure: no files, sockets, timers or clocks. Time is an
 * argument, in milliseconds; the caller sends and receives. Functions whose
 * names begin with `parse` or `decode` turn external text into typed values;
 * they reject anything inexact, and never repair it.
 *
 * @example From a line of fail2ban's log to a request of protocol 1, and back
 * ```ts
 * import {
 *   decodeRequest,
 *   encodeRequest,
 *   parseHostName,
 *   parseLine,
 * } from "./mod.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const line =
 *   "2026-11-22 14:04:14,285 fail2ban.actions        [901]: NOTICE  [sshd] Ban 192.0.2.1";
 * const event = parseLine(new TextEncoder().encode(line), "file");
 * const origin = parseHostName("web1");
 * ok(origin && event?.kind === "ban");
 * const { jail, address } = event;
 * const frame = encodeRequest({ kind: "ban", origin, jail, address }, "secret");
 * const request = decodeRequest([frame], ["secret"]);
 * ok(request.ok);
 * strictEqual(request.value.event.address, "192.0.2.1");
 * ```
 *
 * @example The publisher's decision, and what another host is to do about it
 * ```ts
 * import {
 *   BanTable,
 *   decide,
 *   parseAddress,
 *   parseHostName,
 *   parseJailName,
 *   TAKE_ALL,
 *   updatesOf,
 * } from "./mod.ts";
 * import { deepStrictEqual, ok } from "node:assert/strict";
 *
 * const [origin, here] = ["web1", "db1"].map(parseHostName);
 * const jail = parseJailName("sshd");
 * const address = parseAddress("2001:db8::/64");
 * ok(origin && here && jail && address);
 * const nowMs = 0;
 * const table = new BanTable();
 * const report = { kind: "report", origin, jail, address, expiresMs: 60_000 } as const;
 * const decision = decide(table.find(report), report, nowMs);
 * ok(decision.kind === "change");
 * const step = table.apply({ ...decision.draft, seq: table.seq + 1 });
 * deepStrictEqual(updatesOf(step, { hostName: here, choice: TAKE_ALL }), [
 *   { kind: "ban", jail, address, origin, expiresMs: 60_000, change: 1 },
 * ]);
 * ```
 *
 * @example A copy that missed a change asks for it by protocol 2
 * ```ts
 * import {
 *   BanBlock,
 *   decodeNodeMessage,
 *   encodeNodeMessage,
 *   parseEpoch,
 *   parseSessionId,
 *   Replica,
 * } from "./mod.ts";
 * import { deepStrictEqual, ok } from "node:assert/strict";
 *
 * const epoch = parseEpoch("00112233445566778899aabbccddeeff");
 * const session = parseSessionId("ffeeddccbbaa99887766554433221100");
 * ok(epoch && session);
 * const replica = new Replica(undefined);
 * const question = { epoch: null, since: 0, part: 0 };
 * deepStrictEqual(replica.connected(), [{ kind: "ask", question }]);
 * const snapshot = { kind: "SNAPSHOT", epoch, seq: 7, part: 0 } as const;
 * const block = BanBlock.of([]);
 * replica.answer({ ...snapshot, isLast: true, nowMs: 0, block }, 0);
 * replica.takePart();
 * const none = { kind: "CHANGES", epoch, from: 7, to: 7, seq: 7, changes: [] } as const;
 * replica.answer(none, 0);
 * ok(replica.isFollowing);
 * const [effect] = replica.receive({ kind: "H", epoch, seq: 9, revision: 0 }, 1_000);
 * ok(effect?.kind === "ask");
 * deepStrictEqual(effect.question, { epoch, since: 7, part: 0 });
 * const message = { kind: "SYNC", session, ...effect.question } as const;
 * deepStrictEqual(decodeNodeMessage(encodeNodeMessage(message)), {
 *   ok: true,
 *   value: message,
 * });
 * ```
 *
 * @module
 */

// The vocabulary.
export {
  type Address,
  type AddressParts,
  addressParts,
  canonicalAddress,
  MAX_ADDRESS_LENGTH,
  parseAddress,
} from "./lib/base/address.ts";
export { parseDuration } from "./lib/base/duration.ts";
export {
  type HostName,
  parseHostName,
  sameHost,
} from "./lib/base/host_name.ts";
export {
  type Epoch,
  type EventId,
  type NodeRole,
  type PlaceId,
  type SessionId,
} from "./lib/base/ids.ts";
export {
  CLUSTER_JAIL,
  type JailName,
  parseJailName,
} from "./lib/base/jail_name.ts";

// fail2ban's log lines.
export {
  type LineFormat,
  type LogFormat,
  type RecordFormat,
} from "./lib/fail2ban/log_format.ts";
export { type ActionFailure } from "./lib/fail2ban/log_failure.ts";
export {
  type LineRefusal,
  type LogEvent,
  MAX_EVENT_LINE_LENGTH,
} from "./lib/fail2ban/log_line.ts";
export { parseLine, scanLines } from "./lib/fail2ban/log_scanner.ts";

// A receiver's choice among the cluster's bans.
export {
  type BanPlace,
  type ChosenBan,
  placeOfBan,
  placeOfReport,
  type Receiver,
  type ReceiverChoice,
  type ReportPlace,
  TAKE_ALL,
} from "./lib/choice/receiver_choice.ts";

// Bans, and the rules that decide about them.
export {
  type Ban,
  type BanKey,
  type BanReport,
  type Change,
  type ChangeBase,
  type ChangeDraft,
  keyOf,
} from "./lib/ban/ban.ts";
export {
  ANY_NODE,
  decide,
  type Decision,
  evolve,
  MAX_REPORTS,
  type Quorum,
  type QuorumOf,
  type Rejection,
  type TableEvent,
  withoutExpired,
} from "./lib/ban/ban_decision.ts";
export {
  type BanEvent,
  type BanKind,
  type BanUpdate,
  type UnbanReason,
} from "./lib/ban/ban_event.ts";
export { type BanStep, BanTable, type TableStep } from "./lib/ban/ban_table.ts";
export { type BanSet } from "./lib/ban/table_columns.ts";
export { type Receipt } from "./lib/ban/receipt.ts";

// Protocol 1.
export {
  decodeBroadcast,
  type Decoded,
  decodeRequest,
  encodeBroadcast,
  encodeRequest,
  MAX_MESSAGE_BYTES,
  MAX_REQUEST_BYTES,
  MAX_TOKEN_BYTES,
  NAK,
  type Protocol1Request,
  type RejectReason,
  renderMessage,
} from "./lib/wire/v1.ts";

// Protocol 2.
export {
  type DecodedV2,
  decodeNodeMessage,
  decodePublisherMessage,
  decodeStreamMessage,
  encodeChanges,
  encodeNodeMessage,
  encodePublisherMessage,
  encodeStreamMessage,
  MAX_CHANGES,
  MAX_CONTROL_BYTES,
  MAX_EVENTS,
  MAX_RECEIPTS,
  MAX_SPAN_MS,
  MAX_STREAM_BYTES,
  parseEpoch,
  parseEventId,
  parsePlace,
  parseSessionId,
  type RejectReasonV2,
} from "./lib/wire/v2.ts";
export {
  type ActionState,
  type ErrorCode,
  type EventResult,
  type LocalUnbanOutcome,
  MOVE_OUTCOMES,
  type MoveOutcome,
  type NodeCondition,
  type NodeEvent,
  type NodeMessage,
  type PublisherFacts,
  type PublisherMessage,
  type RemainingMs,
  type SessionLimits,
  type SpokenRevisions,
  type StreamMessage,
  type WireChange,
} from "./lib/wire/v2_messages.ts";
export { type ObservedState } from "./lib/wire/v2_conditions.ts";
export {
  type Drill,
  DRILL_OUTCOMES,
  type DrilledAction,
  type DrillOutcome,
  type DrillWord,
  type Probe,
  type ProbeVerdict,
} from "./lib/wire/v2_probes.ts";
export { blockBan, localChange, wireChange } from "./lib/wire/wire_times.ts";
export {
  BanBlock,
  type BlockOfBans,
  decodeBanBlock,
  encodeBanBlock,
  splitIntoBlocks,
} from "./lib/ban/ban_block.ts";
export { type DecodedBlock } from "./lib/ban/ban_block_bytes.ts";
export {
  type BlockFault,
  MAX_BLOCK_BANS,
  MAX_BLOCK_BYTES,
} from "./lib/ban/ban_block_rules.ts";
export { type BanBlockColumns, bansOf } from "./lib/ban/ban_columns.ts";
export {
  type ChangeColumns,
  type ChangeNames,
} from "./lib/ban/change_columns.ts";
export { type BanCount } from "./lib/ban/table_columns.ts";
export { shiftedColumns } from "./lib/ban/shifted_times.ts";
export { type SyncAnswer, type SyncQuestion } from "./lib/wire/v2_messages.ts";
export { type Frames } from "./lib/zmq/ports.ts";

// The replica of the cluster's bans.
export { type ReplicaMark, type StoredReplica } from "./lib/ban/ban_store.ts";
export {
  Replica,
  type ReplicaCounters,
  type ReplicaEffect,
  type TableMessage,
} from "./lib/subscriber/replica.ts";
export { type ActedOn, updatesOf } from "./lib/subscriber/ban_updates.ts";
