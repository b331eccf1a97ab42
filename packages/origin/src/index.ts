// Where files are

export type { ByteRange, Missing, ObjectFacts, OpenOptions, Origin, OriginObject } from "./origin.ts";
export type { ObjectToWrite, WritableOrigin } from "./writable-origin.ts";

// From a request to a response

export { type RespondOptions, respond } from "./respond.ts";

// The steps between, for servers that do not speak fetch

export { appleContentType, contentType } from "./content-type.ts";
export {
  badPathResponse,
  describeResponse,
  failureResponse,
  methodNotAllowedResponse,
  missingResponse,
  problemResponse,
  type ResponseHead,
} from "./describe-response.ts";
export { isObjectName, openByName, readObjectName } from "./object-name.ts";
export { asOriginError, mostVersions, OriginError } from "./origin-error.ts";
export { type ConditionalRequest, ifRangeHolds, type Selection, selectRange } from "./select-range.ts";

// Buckets and web servers as origins

export { type AzureBlobOptions, type AzureCredentials, azureBlob } from "./azure-blob.ts";
export { type HttpOriginOptions, httpOrigin } from "./http-origin.ts";
export { type R2BucketLike, type R2ObjectLike, type R2Options, r2 } from "./r2.ts";
export type { RemoteCheck, RemoteOrigin } from "./remote-origin.ts";
export { type S3Credentials, type S3Options, s3 } from "./s3.ts";
export type { RemoteOptions, StoreExchange } from "./store-client.ts";
