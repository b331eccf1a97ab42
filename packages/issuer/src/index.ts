// The JSON Web Token configuration, and what it issues
export type { Issuer } from "./issuer.ts";
export { createIssuer } from "./issuer.ts";
// When something cannot be done
export type { IssuerError, IssuerErrorCode } from "./issuer-error.ts";
export { isIssuerError, issuerErrorCodes } from "./issuer-error.ts";
export type { IssuerWarning, JwtConfiguration } from "./jwt-configuration.ts";
export type { IssuerJwk, IssuerPublicKey } from "./public-key.ts";
