// The gate
export type { Claims } from "./claims-policy.ts";
export type { ConfigurationError } from "./configuration-error.ts";
export { configurationError, isConfigurationError } from "./configuration-error.ts";
// Download URLs and tokens in them
export type { TokenReading } from "./download-url.ts";
export { addToken, readToken, redactToken, removeToken } from "./download-url.ts";
export type { Allowed, Decision, Gate, Refused } from "./gate.ts";
export { createGate } from "./gate.ts";
export type { GateOptions } from "./gate-options.ts";
// For adapters
export type { HttpAnswer } from "./http-answer.ts";
export { allowedCacheControl, refusalAnswer } from "./http-answer.ts";
export type { JoseHeader } from "./jose-header.ts";
export type { JsonObject } from "./json-object.ts";
export type { KeyResolver, ResolvedKey } from "./key-resolver.ts";
// Its keys
export type { GateKeys } from "./key-ring.ts";
export type {
  CryptoKeyLike,
  KeyObjectLike,
  PublicJwk,
  PublicJwkSet,
  PublicKeySource,
} from "./public-key.ts";
// Why a request is refused
export type { Refusal, RefusalCode } from "./refusal.ts";
export { describeRefusal, refusalCodes } from "./refusal.ts";
export type {
  Admission,
  GuardOptions,
  ObservationOptions,
  ObservedRequest,
  Passage,
  RequestGuard,
} from "./request-guard.ts";
export { createRequestGuard } from "./request-guard.ts";
export { fingerprintToken } from "./token-fingerprint.ts";
