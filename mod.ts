/**
 * fail2ban-cluster as a library: the pure core and the roles' classes. Nothing
 * here touches the world; `lib/io/` does, and is not exported.
 *
 * @example
 * ```ts

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
 * deepStrictEqual(cluster.updatesOf(step, here), [
 *   { kind: "ban", jail, address, origin, expiresMs: 60_000 },
 * ]);
 * ```
 *
 * @example A copy that missed something asks for it
 * ```ts

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
 * const [effect] = replica.receive({ kind: "H", epoch, seq: 9, revision: 0 }, 1_000);
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
} from "./lib/subscriber/action_queue.ts";

export {
  type Address,
  type AddressParts,
  addressParts,
  canonicalAddress,
  MAX_ADDRESS_LENGTH,
  parseAddress,
} from "./lib/base/address.ts";

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
  BanExpiry,
  type BanExpiryOptions,
  type EndlessBan,
} from "./lib/monitor/ban_expiry.ts";

export {
  type BanEvent,
  type BanKind,
  type BanUpdate,
} from "./lib/ban/ban_event.ts";

export {
  BanHub,
  type BanHubCounters,
  type BanHubOptions,
  BusyError,
  type KeptChange,
} from "./lib/ban/ban_hub.ts";
export { type HubRequest, type HubVerdict } from "./lib/ban/decision_batch.ts";

export { type BanStep, BanTable } from "./lib/ban/ban_table.ts";

export {
  type Epoch,
  type EventId,
  type NodeRole,
  type SessionId,
} from "./lib/base/ids.ts";
export {
  type ErrorCode,
  type EventResult,
  type NodeEvent,
  type NodeMessage,
  type PublisherMessage,
  type RemainingMs,
  type SessionLimits,
  type StreamMessage,
  type WireBan,
  type WireChange,
  type WireReport,
} from "./lib/wire/v2_messages.ts";
export { type Receipt } from "./lib/ban/receipt.ts";

export {
  type BanStore,
  type ReplicaStore,
  type StoredReceipt,
  type StoredReplica,
  type StoreEntry,
  type StoreTime,
} from "./lib/ban/ban_store.ts";

export {
  ControlClient,
  type ControlClientCounters,
  type ControlClientOptions,
} from "./lib/client/control_client.ts";
export {
  LostSessionError,
  NoAnswerError,
  type PublisherAnswer,
  type Session,
  type SessionHandler,
  type Welcome,
} from "./lib/client/session.ts";

export {
  EnforcedAction,
  type EnforcedActionOptions,
} from "./lib/enforce/enforced_action.ts";

export {
  type ActionReceipt as EnforcementReceipt,
  type ActiveBan,
  type EchoOracle,
  type EnforcementFailure,
  type Enforcer,
  type HostBan,
  type ReceiptSink,
} from "./lib/enforce/enforcer.ts";
export {
  type Fail2banClient,
  type Fail2banReply,
} from "./lib/fail2ban/ports.ts";

export { type EnforcedActionCounters } from "./lib/enforce/enforcement_report.ts";

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
} from "./lib/base/errors.ts";

export {
  eventIdOfLine,
  eventIdOfTicket,
  type LinePosition,
} from "./lib/monitor/event_id.ts";

export {
  Protocol2Link,
  type Protocol2LinkCounters,
  type Protocol2LinkOptions,
} from "./lib/monitor/protocol2_link.ts";

export {
  type ExistingBan,
  ExistingBans,
  type ExistingBansOptions,
} from "./lib/monitor/existing_bans.ts";

export { IgnoredAddresses } from "./lib/fail2ban/ignoreip.ts";

export {
  type Fail2banAbilities,
  type ListedTicket,
  type TicketTimes,
} from "./lib/fail2ban/replies.ts";

export {
  type HostName,
  parseHostName,
  sameHost,
} from "./lib/base/host_name.ts";

export { type HostResolver } from "./lib/protection/ports.ts";
export {
  type JailTimes,
  type TicketRow,
  type TicketRows,
} from "./lib/fail2ban/ports.ts";

export {
  IgnoreipNames,
  type IgnoreipNamesOptions,
} from "./lib/fail2ban/ignoreip_names.ts";

export {
  type JailMap,
  type JailRule,
  localJail,
  localJails,
  parseJailMap,
} from "./lib/base/jail_map.ts";

export {
  CLUSTER_JAIL,
  type JailName,
  parseJailName,
} from "./lib/base/jail_name.ts";

export { Fail2banInfo } from "./lib/fail2ban/fail2ban_info.ts";

export {
  type BanLedger,
  type BanState,
  type LedgerContents,
  type WantedReports,
} from "./lib/enforce/ban_ledger.ts";

export { type LineSink, type OutputLine } from "./lib/log/line_sink.ts";

export { broadcastLogText, LogAction } from "./lib/subscriber/log_action.ts";

export { type ActionFailure } from "./lib/fail2ban/log_failure.ts";

export {
  LogFollower,
  type LogFollowerOptions,
} from "./lib/tail/log_follower.ts";

export {
  type LineRefusal,
  type LocatedEvent,
  type LogEvent,
  MAX_EVENT_LINE_LENGTH,
  parseLine,
  scanLines,
  scanLocatedEvents,
} from "./lib/fail2ban/log_line.ts";

export {
  type Detection,
  type HeldLine,
  RestartFilter,
  type RestartFilterOptions,
} from "./lib/monitor/restart_filter.ts";

export {
  Monitor,
  type MonitorCounters,
  type MonitorOptions,
} from "./lib/monitor/monitor.ts";

export {
  type AddressSpan,
  addressSpan,
  type LabelledNetwork,
  NetworkSet,
} from "./lib/base/network_set.ts";

export {
  UpdateFilter,
  type UpdateFilterCounters,
  type UpdateFilterOptions,
} from "./lib/subscriber/update_filter.ts";

export { type LogFormat } from "./lib/fail2ban/log_format.ts";

export {
  type OutgoingMessage,
  SendQueue,
  type SendQueueOptions,
} from "./lib/zmq/send_queue.ts";

export { AdaptiveTimeout } from "./lib/client/adaptive_timeout.ts";

export {
  type PickledCall,
  type PickleValue,
} from "./lib/fail2ban/pickle_machine.ts";

export { type PlanState } from "./lib/enforce/plan_types.ts";

export { type ReconciledBansOptions } from "./lib/enforce/reconciled_bans.ts";

export { type BanAction } from "./lib/enforce/ban_action.ts";
export { type Clock } from "./lib/async/clock.ts";
export {
  type Connect,
  type DescriptorPoll,
  type DescriptorWatcher,
  type Frames,
  type MessageSocket,
} from "./lib/zmq/ports.ts";
export {
  type DetectionOracle,
  type TicketOracle,
  type TicketState,
} from "./lib/fail2ban/ports.ts";
export {
  type FileFacts,
  type FileIdentity,
  type LineBatch,
  type LineSource,
  type LogFile,
  type LogFolder,
  type LogPosition,
  type OpenedLog,
  type PositionStore,
} from "./lib/tail/ports.ts";
export { type Log, type LogFields, type Severity } from "./lib/log/log.ts";

export {
  type CurrentPolicy,
  type GuardedNetworks,
  type ProtectionPolicy,
  type ProtectionRule,
  type Refusal,
  refusal,
} from "./lib/protection/protection_policy.ts";

export {
  type Authenticator,
  type Hello,
  type HelloVerdict,
  type ListDifference,
  MemberAuthenticator,
} from "./lib/publisher/authenticator.ts";
export type { CurveKeys, PublicKey, SecretKey } from "./lib/zmq/curve_key.ts";
export type {
  AllowedNetwork,
  JournalEntry,
  Member,
  MemberList,
  MemberRights,
  TokenDigest,
} from "./lib/members/member.ts";
export type {
  CuttableSocket,
  ListChanges,
} from "./lib/publisher/connection_gate.ts";
export {
  AllowlistService,
  type AllowlistServiceOptions,
} from "./lib/publisher/allowlist_service.ts";
export {
  type Allowlist,
  allowlistAt,
  EMPTY_ALLOWLIST,
} from "./lib/protection/allowlist.ts";
export { AllowlistProtection } from "./lib/protection/allowlist_protection.ts";
export {
  type LegacyMode,
  legacyMode,
  type LegacyUrls,
  legacyWarnings,
  mayBePublic,
} from "./lib/config/legacy.ts";
export {
  Protocol1Server,
  type Protocol1ServerOptions,
  type Protocol1Service,
} from "./lib/publisher/protocol1_server.ts";
export {
  type LiveNode,
  type LiveQuarantine,
  type LiveSession,
  type OperatorAnswer,
  type OperatorRequest,
} from "./lib/wire/operator_messages.ts";
export {
  type BadKind,
  type BreakerLimit,
  type OpenBreaker,
} from "./lib/members/breaker.ts";
export {
  DEFAULT_NODE_LIMITS,
  type NodeLimits,
} from "./lib/members/node_limits.ts";
export {
  type AuditEntry,
  type NewAuditEntry,
  type NodeRecords,
  type Quarantine,
} from "./lib/members/node_records.ts";
export type { Protocol2Service } from "./lib/publisher/protocol2_server.ts";
export {
  MAX_TOKEN_HOSTS,
  MAX_TOKENS,
  mayCarry,
  type NamedToken,
  parseTokenList,
  type TokenList,
  tokenList,
} from "./lib/publisher/protocol1_tokens.ts";

export { Publisher, type PublisherOptions } from "./lib/publisher/publisher.ts";
export { protocol1Events } from "./lib/publisher/protocol1_events.ts";

export {
  type ActionReceipt,
  ReceiptQueue,
  type ReceiptQueueOptions,
} from "./lib/subscriber/receipt_queue.ts";

export {
  Replica,
  type ReplicaCounters,
  type ReplicaEffect,
} from "./lib/subscriber/replica.ts";
export { type SyncAnswer, type SyncQuestion } from "./lib/wire/sync.ts";

export {
  ReplicaClient,
  type ReplicaClientOptions,
} from "./lib/subscriber/replica_client.ts";

export { updatesOf, updatesOfAll } from "./lib/subscriber/ban_updates.ts";

export { type Report, type ReportLink } from "./lib/monitor/report_link.ts";

export {
  type ReporterCounters,
  type ReporterOptions,
} from "./lib/monitor/reporter.ts";

export {
  Protocol1Link,
  type Protocol1LinkCounters,
  type Protocol1LinkOptions,
} from "./lib/monitor/protocol1_link.ts";

export {
  judgeRequest,
  Protocol1RequestServer,
  type Protocol1RequestServerCounters,
  type Protocol1RequestServerOptions,
  type Protocol1Storing,
  type RequestVerdict,
} from "./lib/publisher/protocol1_requests.ts";

export { type StatusFigures } from "./lib/service/status_report.ts";

export { SteadyClock } from "./lib/async/steady_clock.ts";

export {
  type Hear,
  StreamListener,
  type StreamListenerOptions,
} from "./lib/subscriber/stream_listener.ts";

export {
  RenewedSocket,
  type RenewedSocketOptions,
} from "./lib/zmq/renewed_socket.ts";

export {
  type BroadcastVerdict,
  judgeBroadcast,
  Protocol1Subscriber,
  type Protocol1SubscriberCounters,
  type Protocol1SubscriberOptions,
} from "./lib/subscriber/protocol1_subscriber.ts";

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
} from "./lib/tail/tail_cursor.ts";

export { NULL_REPLICA_STORE } from "./lib/subscriber/null_replica_store.ts";

export {
  type WantedBansOptions,
  type WantsFrom,
} from "./lib/enforce/wanted_bans.ts";

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
  MAX_RECEIPTS,
  MAX_SPAN_MS,
  MAX_STREAM_BYTES,
  parseEpoch,
  parseEventId,
  parseSessionId,
  plainText,
  type RejectReasonV2,
  splitBans,
} from "./lib/wire/v2.ts";
export { MAX_IGNORE } from "./lib/base/bounds.ts";

export { type WireMember } from "./lib/base/json_shape.ts";
