import { isObjectName } from "./object-name.ts";
import { OriginError } from "./origin-error.ts";
import {
  createStoreClient,
  type RemoteOptions,
  type RemoteStore,
  type StoreClient,
  type StoreRequest,
} from "./store-client.ts";
import { type ObjectToWrite, readToWrite, type WritableOrigin } from "./writable-origin.ts";

/** How a store accepts objects. */
export interface UploadProtocol {
  /** Stores a small object with one request. */
  putWhole(send: SendUpload, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Begins the upload of a large one. */
  begin(send: SendUpload, name: string): Promise<PartsUpload>;
  /** What to do about errors that mean something different for uploads than for downloads. */
  readonly remedies: Readonly<Record<string, string>>;
}

/** An object that is sent in parts; it cannot be read until it is complete. */
export interface PartsUpload {
  /** Stores one part; the numbers begin at 1. */
  put(number: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  complete(): Promise<void>;
  /** Removes the parts, if the store does not do so by itself. */
  abort(): Promise<void>;
}

/** Sends a request of an upload; rejects with an `OriginError` if the store refuses it. */
export type SendUpload = (name: string, request: Omit<StoreRequest, "signal">) => Promise<Response>;

const MiB = 1024 ** 2;
const usualPart = 16 * MiB;
/** Amazon S3's limit; Azure's is 50 000. */
const mostParts = 10_000;

/** Creates the function that stores objects in a store. Only one part of a large object is in memory at a time. */
export function createWrite(
  store: RemoteStore,
  protocol: UploadProtocol,
  options: RemoteOptions,
): WritableOrigin["write"] {
  const client = createStoreClient(store, options);
  const send: SendUpload = async (name, request) => {
    const { signal } = new AbortController();
    const response = await client.send(name, { ...request, signal });
    if (response.ok) return response;
    throw await refusal(response, store, client, protocol);
  };

  return async (name, object) => {
    if (!isObjectName(name))
      throw new TypeError("name: must be a file name or a relative path, such as apps/example.ipa");
    const { size } = object;
    if (size <= usualPart)
      return protocol.putWhole(send, name, await readToWrite(object, { first: 0, last: size - 1 }));
    const upload = await protocol.begin(send, name);
    try {
      await putParts(upload, object);
      await upload.complete();
    } catch (error) {
      await upload.abort().catch(() => {}); // the cause of the failed upload can make this fail, too
      throw error;
    }
  };
}

async function putParts(upload: PartsUpload, object: ObjectToWrite): Promise<void> {
  const { size } = object;
  const length = Math.max(usualPart, Math.ceil(size / mostParts / MiB) * MiB);
  for (let first = 0, number = 1; first < size; first += length, number += 1) {
    const last = Math.min(first + length, size) - 1;
    await upload.put(number, await readToWrite(object, { first, last }));
  }
}

async function refusal(
  response: Response,
  { title }: RemoteStore,
  client: StoreClient,
  { remedies }: UploadProtocol,
): Promise<OriginError> {
  const { code, remedy } = await client.diagnose(response);
  const advice = Object.hasOwn(remedies, code) ? remedies[code] : remedy;
  return new OriginError(502, `${title} refused: ${advice === undefined ? code : `${code}: ${advice}`}`);
}
