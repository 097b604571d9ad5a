/**
 * fail2ban-cluster as a library: the pure core and the roles' classes. Nothing
 * here touches the world; `lib/io/` does, and is not exported.
 *
 * @example
 * ```ts
 * import { parseAddress, refusal } from "./mod.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const address = parseAddress("127.0.0.1");
 * const policy = { minPrefix4Bits: 24, minPrefix6Bits: 48 };
 * strictEqual(address && refusal(address, policy)?.rule, "loopback");
 * ```
 *
 * @example The publisher's decision, and what a subscriber's host is to do
 * ```ts
 * import * as cluster from "./mod.ts";
 * import { deepStrictEqual, ok } from "node:assert/strict";
 *
 * const [origin, here] = ["web1", "db1"].map(cluster.parseHostName);
 * const jail = cluster.parseJailName("sshd");
 * const address = cluster.parseAddress("2001:db8::/64");
 * ok(origin && here && jail && address);
 * const nowMs = 0;
 * const table = new cluster.BanTable();
 * const report = { kind: "report", origin, jail, address, expiresMs: 60_000 } as const;
 * const decision = cluster.decide(table.find(report), report, nowMs);
 * ok(decision.kind === "change");
 * const step = table.apply({ ...decision.draft, seq: table.seq + 1 });
 * deepStrictEqual(cluster.newsOf(step, here), [
 *   { kind: "ban", jail, address, origin, expiresMs: 60_000 },
 * ]);
 * ```
 *
 * @example A copy that missed something asks for it
 * ```ts
 * import { parseEpoch, Replica } from "./mod.ts";
 * import { deepStrictEqual, ok } from "node:assert/strict";
 *
 * const epoch = parseEpoch("00112233445566778899aabbccddeeff");
 * ok(epoch);
 * const replica = new Replica(undefined);
 * const question = { epoch: null, since: 0, part: 0 };
 * deepStrictEqual(replica.connected(), [{ kind: "ask", question }]);
 * const snapshot = { kind: "SNAPSHOT", epoch, seq: 7, part: 0 } as const;
 * replica.answer({ ...snapshot, isLast: true, bans: [] }, 0);
 * ok(replica.isFollowing);
 * const [effect] = replica.hear({ kind: "H", epoch, seq: 9, revision: 0 }, 1_000);
 * ok(effect?.kind === "ask");
 * deepStrictEqual(effect.question, { epoch, since: 7, part: 0 });
 * ```
 *
 * @module
 */

export {
  ActionQueue,
  type ActionQueueCounters,
  type ActionQueueOptions,
} from "./lib/action_queue.ts";

export {
  type Address,
  type AddressParts,
  addressParts,
  canonicalAddress,
  MAX_ADDRESS_LENGTH,
  parseAddress,
} from "./lib/address.ts";

export {
  type Ban,
  type BanKey,
  type BanReport,
  type Change,
  type ChangeBase,
  type ChangeDraft,
  keyOf,
} from "./lib/ban.ts";

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
  withoutOver,
} from "./lib/ban_decision.ts";

export {
  BanEnds,
  type BanEndsOptions,
  type EndlessBan,
} from "./lib/ban_ends.ts";

export { type BanEvent, type BanKind, type BanNews } from "./lib/ban_event.ts";

export {
  BanHub,
  type BanHubCounters,
  type BanHubOptions,
  BusyError,
  type KeptChange,
} from "./lib/ban_hub.ts";
export { type HubRequest, type HubVerdict } from "./lib/decision_batch.ts";

export { type BanStep, BanTable } from "./lib/ban_table.ts";

export {
  type Epoch,
  type ErrorCode,
  type EventId,
  type EventResult,
  type NodeEvent,
  type NodeMessage,
  type NodeRole,
  type PublisherMessage,
  type Receipt,
  type RemainingMs,
  type SessionId,
  type SessionLimits,
  type StreamMessage,
  type WireBan,
  type WireChange,
  type WireReport,
} from "./lib/cluster_messages.ts";

export {
  type BanStore,
  type ReplicaStore,
  type StoredReceipt,
  type StoredReplica,
  type StoreEntry,
  type StoreTime,
} from "./lib/cluster_ports.ts";

export {
  ControlSession,
  type ControlSessionCounters,
  type ControlSessionOptions,
} from "./lib/control_session.ts";
export {
  type Answer,
  type Conversation,
  type Lead,
  LostConversationError,
  NoAnswerError,
  type Welcome,
} from "./lib/conversation.ts";

export {
  EnforcedAction,
  type EnforcedActionOptions,
} from "./lib/enforced_action.ts";

export {
  type EchoOracle,
  type EnforcementFailure,
  type Enforcer,
  type Fail2banClient,
  type Fail2banReply,
  type ListedBan,
  type LocalBan,
  type Receipt as EnforcementReceipt,
  type ReceiptSink,
} from "./lib/enforcement_ports.ts";

export { type EnforcedActionCounters } from "./lib/enforcement_tally.ts";

export {
  ConfigError,
  type ConfigProblem,
  describeError,
  describeProblem,
  type ErrorDetails,
  type ErrorReport,
  EXIT_CODES,
  type ExitCode,
  ExpectedError,
  RuntimeError,
  UsageError,
} from "./lib/errors.ts";

export {
  eventIdOfLine,
  eventIdOfTicket,
  type LinePlace,
} from "./lib/event_id.ts";

export {
  EventLink,
  type EventLinkCounters,
  type EventLinkOptions,
} from "./lib/event_link.ts";

export {
  type ExistingBan,
  ExistingBans,
  type ExistingBansOptions,
} from "./lib/existing_bans.ts";

export { IgnoredAddresses } from "./lib/fail2ban_ignored.ts";

export {
  type Fail2banAbilities,
  type ListedTicket,
  type TicketTimes,
} from "./lib/fail2ban_replies.ts";

export { type HostName, parseHostName, sameHost } from "./lib/host_name.ts";

export {
  type HostResolver,
  type JailTimes,
  type TicketRow,
  type TicketRows,
} from "./lib/host_ports.ts";

export { IgnoredNames, type IgnoredNamesOptions } from "./lib/ignored_names.ts";

export {
  type JailMap,
  type JailRule,
  localJail,
  localJails,
  parseJailMap,
} from "./lib/jail_map.ts";

export { CLUSTER_JAIL, type JailName, parseJailName } from "./lib/jail_name.ts";

export { KnownFail2ban } from "./lib/known_fail2ban.ts";

export {
  type BanLedger,
  type BanState,
  type LedgerContents,
  type WantedReports,
} from "./lib/ledger_ports.ts";

export { type LineSink, type OutputLine } from "./lib/line_sink.ts";

export { broadcastLogText, LogAction } from "./lib/log_action.ts";

export { type ActionFailure } from "./lib/log_failure.ts";

export { LogFollower, type LogFollowerOptions } from "./lib/log_follower.ts";

export {
  type LineRefusal,
  type LogEvent,
  MAX_EVENT_LINE_LENGTH,
  parseLine,
  type PlacedEvent,
  scanLines,
  scanPlaces,
} from "./lib/log_line.ts";

export {
  type HeldLine,
  LogSession,
  type LogSessionOptions,
  type SharedEvent,
} from "./lib/log_session.ts";

export {
  Monitor,
  type MonitorCounters,
  type MonitorOptions,
} from "./lib/monitor.ts";

export {
  type AddressSpan,
  addressSpan,
  type LabelledNetwork,
  NetworkSet,
} from "./lib/network_set.ts";

export {
  NewsFilter,
  type NewsFilterCounters,
  type NewsFilterOptions,
} from "./lib/news_filter.ts";

export { type LogFormat } from "./lib/option_value.ts";

export {
  Outbox,
  type OutboxOptions,
  type OutgoingMessage,
} from "./lib/outbox.ts";

export { Patience } from "./lib/patience.ts";

export { type PickledCall, type PickleValue } from "./lib/pickle_machine.ts";

export { type PlanState } from "./lib/plan_report.ts";

export { type PlannedBansOptions } from "./lib/planned_bans.ts";

export {
  type BanAction,
  type Clock,
  type Connect,
  type DescriptorPoll,
  type DescriptorWatcher,
  type DetectionOracle,
  type FileFacts,
  type FileIdentity,
  type Frames,
  type LineBatch,
  type LineSource,
  type Log,
  type LogFields,
  type LogFile,
  type LogFolder,
  type LogPosition,
  type MessageSocket,
  type OpenedLog,
  type PositionStore,
  type Severity,
  type TicketOracle,
  type TicketState,
} from "./lib/ports.ts";

export {
  type CurrentPolicy,
  type GuardedNetworks,
  type ProtectionPolicy,
  type ProtectionRule,
  type Refusal,
  refusal,
} from "./lib/protection.ts";

export {
  Admission,
  type Doorkeeper,
  type Hello,
  type HelloVerdict,
  type ListDifference,
} from "./lib/admission.ts";
export type { CurveKeys, PublicKey, SecretKey } from "./lib/curve_key.ts";
export type {
  AllowedNetwork,
  JournalEntry,
  Member,
  MemberList,
  MemberRights,
  TokenDigest,
} from "./lib/member.ts";
export type { CuttableSocket, ListChanges } from "./lib/member_door.ts";
export {
  FleetAllowlist,
  type FleetAllowlistOptions,
} from "./lib/fleet_allowlist.ts";
export {
  type FleetList,
  fleetListAt,
  NOBODY_ALLOWED,
} from "./lib/fleet_list.ts";
export { FleetProtection } from "./lib/fleet_protection.ts";
export {
  type LegacyMode,
  legacyMode,
  type LegacyUrls,
  legacyWarnings,
  mayBePublic,
} from "./lib/legacy.ts";
export {
  LegacyServer,
  type LegacyServerOptions,
  type Protocol1Service,
} from "./lib/legacy_server.ts";
export {
  type LiveAside,
  type LiveNode,
  type LiveSession,
  type OperatorAnswer,
  type OperatorRequest,
} from "./lib/operator_command.ts";
export {
  type BadKind,
  type BreakerLimit,
  type OpenBreaker,
} from "./lib/breaker.ts";
export { DEFAULT_NODE_LIMITS, type NodeLimits } from "./lib/node_limits.ts";
export {
  type AuditEntry,
  type NewAuditEntry,
  type NodeRecords,
  type SetAside,
} from "./lib/record_ports.ts";
export type { Protocol2Service } from "./lib/node_server.ts";
export {
  MAX_TOKEN_HOSTS,
  MAX_TOKENS,
  mayCarry,
  type NamedToken,
  parseTokenList,
  type TokenList,
  tokenList,
} from "./lib/token_list.ts";

export { Publisher, type PublisherOptions } from "./lib/publisher.ts";
export { protocol1Events } from "./lib/protocol1_events.ts";

export {
  type ActionReceipt,
  ReceiptBox,
  type ReceiptBoxOptions,
} from "./lib/receipt_box.ts";

export {
  Replica,
  type ReplicaCounters,
  type ReplicaEffect,
  type SyncAnswer,
  type SyncQuestion,
} from "./lib/replica.ts";

export {
  ReplicaClient,
  type ReplicaClientOptions,
} from "./lib/replica_client.ts";

export { newsOf, newsOfAll } from "./lib/replica_news.ts";

export { type Report, type ReportLink } from "./lib/report_link.ts";

export { type ReporterCounters, type ReporterOptions } from "./lib/reporter.ts";

export {
  RequestLink,
  type RequestLinkCounters,
  type RequestLinkOptions,
} from "./lib/request_link.ts";

export {
  judgeRequest,
  type RequestKeeping,
  RequestServer,
  type RequestServerCounters,
  type RequestServerOptions,
  type RequestVerdict,
} from "./lib/request_server.ts";

export { type StatusFigures } from "./lib/status_report.ts";

export { SteadyClock } from "./lib/steady_clock.ts";

export {
  type Hear,
  StreamEar,
  type StreamEarOptions,
} from "./lib/stream_ear.ts";

export {
  RenewedSocket,
  type RenewedSocketOptions,
} from "./lib/renewed_socket.ts";

export {
  type BroadcastVerdict,
  judgeBroadcast,
  Subscriber,
  type SubscriberCounters,
  type SubscriberOptions,
} from "./lib/subscriber.ts";

export {
  countMissing,
  filesAfter,
  filesSince,
  findCopy,
  findPlace,
  inOrderOfRotation,
  isCompressedLogName,
  isLogName,
  type Look,
  nextStep,
  type OpenLog,
  plainLogName,
  type PrintedLogFile,
  sameFile,
  type Step,
  withoutDoubles,
} from "./lib/tail_cursor.ts";

export { UNKEPT_REPLICA } from "./lib/unkept_replica.ts";

export { type WantedBansOptions, type WantsFrom } from "./lib/wanted_bans.ts";

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
  type RejectReason,
  renderMessage,
  type Request,
} from "./lib/wire_v1.ts";

export {
  type DecodedV2,
  decodeNodeMessage,
  decodePublisherMessage,
  decodeStreamMessage,
  encodeNodeMessage,
  encodePublisherMessage,
  encodeStreamMessage,
  MAX_BANS_PER_PART,
  MAX_CHANGES,
  MAX_CONTROL_BYTES,
  MAX_EVENTS,
  MAX_IGNORE,
  MAX_RECEIPTS,
  MAX_SPAN_MS,
  MAX_STREAM_BYTES,
  parseEpoch,
  parseEventId,
  parseSessionId,
  plainText,
  type RejectReasonV2,
  splitBans,
} from "./lib/wire_v2.ts";

export { type WireMember } from "./lib/wire_v2_shape.ts";
