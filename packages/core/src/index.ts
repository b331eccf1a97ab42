// The gate

export type { Claims } from "./claims-policy.ts";
export { type ConfigurationError, configurationError, isConfigurationError } from "./configuration-error.ts";
export { type Allowed, createGate, type Decision, type Gate, type Refused } from "./gate.ts";
export type { GateOptions } from "./gate-options.ts";
export type { JoseHeader } from "./jose-header.ts";
export type { JsonObject } from "./json-object.ts";

// Its keys

export type { KeyResolver, ResolvedKey } from "./key-resolver.ts";
export { type GateKeys, keyThumbprints } from "./key-ring.ts";
export type { CryptoKeyLike, PublicJwk, PublicJwkSet, PublicKeySource } from "./public-key.ts";

// Why a request is refused

export { describeRefusal, type Refusal, type RefusalCode, refusalCodes } from "./refusal.ts";

// Download URLs and the tokens in them

export { addToken, readToken, redactToken, removeToken, type TokenReading } from "./download-url.ts";
export { fingerprintToken } from "./token-fingerprint.ts";

// For adapters

export { allowedCacheControl, type HttpResponse, refusalResponse } from "./refusal-response.ts";
export type { GuardResult, ObservedRequest, RequestGuard } from "./request-guard.ts";
export {
  type AllowedRequest,
  createRequestGuard,
  type GuardOptions,
  type ObservationOptions,
} from "./request-guard.ts";
