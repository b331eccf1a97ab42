// The gate

export { type ConfigurationError, configurationError, isConfigurationError } from "./configuration-error.ts";
export { type Allowed, createGate, type Decision, type Gate, type Refused } from "./gate.ts";
export { gateDefaults, gateLimits } from "./gate-defaults.ts";
export type { GateOptions } from "./gate-options.ts";

// Its keys

export { importKeys, type PublicKeys } from "./import-keys.ts";
export type { KeyResolver, ResolvedKey } from "./key-resolver.ts";
export type { GateKeys } from "./key-ring.ts";
export type { CryptoKeyLike, PublicJwk, PublicJwkSet, PublicKeySource } from "./public-key.ts";
export type { VerificationKey } from "./rs256.ts";
export type { RsaPublicKey } from "./rsa-public-key.ts";

// Why a request is refused

export { type HttpResponse, type RefusalResponseOptions, refusalResponse } from "./guard/refusal-response.ts";
export { type CheckStage, type Refusal, type RefusalCode, type Result, refusalCodes, refusals } from "./refusal.ts";

// Download URLs and the tokens in them

export { addToken, readPath, readToken, removeToken } from "./download-url.ts";
export { findTokens, replaceTokens, type TokenSpan } from "./guard/find-tokens.ts";
export { redactToken } from "./guard/redact-token.ts";
export { decisionFingerprint, fingerprintToken, tokenFingerprint } from "./guard/token-fingerprint.ts";

// The steps of the check, each on its own; none of them verifies a signature

export { type Claims, type ClaimsPolicy, type RegisteredClaims, validateClaims } from "./claims-policy.ts";
export { type CompactJws, maxTokenLength, parseCompactJws } from "./compact-jws.ts";
export type { JoseHeader } from "./jose-header.ts";
export type { JsonObject } from "./json-object.ts";

// For adapters

export { allowedCacheControl } from "./guard/refusal-response.ts";
export {
  createRequestGuard,
  type Download,
  type GuardOptions,
  type GuardResult,
  type ObservationOptions,
  type ObservedRequest,
  type RequestGuard,
} from "./guard/request-guard.ts";
