import { contentType } from "./content-type.ts";
import { OriginError } from "./origin-error.ts";
import { readStart } from "./read-start.ts";
import type { PartsUpload, SendUpload, UploadProtocol } from "./write-object.ts";

/** Putting many parts together can take minutes (Amazon S3 API reference, "CompleteMultipartUpload"). */
const completionTime = 300_000;

/** Amazon S3's multipart upload. */
export const s3Upload: UploadProtocol = {
  async putWhole(send, name, bytes) {
    const headers = { ...(await hashHeader(bytes)), "Content-Type": contentType(name) };
    await send(name, { method: "PUT", headers, body: bytes });
  },
  async begin(send, name) {
    const headers = { ...(await hashHeader(noBytes)), "Content-Type": contentType(name) };
    const response = await send(name, { method: "POST", headers, query: { uploads: "" }, body: noBytes });
    const text = await readStart(response, completionTime);
    const [, uploadId] = /<UploadId>([\w.~+/=-]{1,1024})<\/UploadId>/.exec(text) ?? [];
    if (uploadId === undefined) throw new OriginError(502, "the bucket did not begin an upload");
    return continueUpload(send, name, uploadId);
  },
  remedies: {
    AccessDenied: "the credentials do not allow writing; grant s3:PutObject and s3:AbortMultipartUpload",
  },
};

const noBytes = new Uint8Array();

function continueUpload(send: SendUpload, name: string, uploadId: string): PartsUpload {
  const etags: string[] = [];
  return {
    async put(number, body) {
      const query = { partNumber: String(number), uploadId };
      const { headers } = await send(name, { method: "PUT", headers: await hashHeader(body), query, body });
      const etag = headers.get("ETag") ?? "";
      if (!/^"[\w-]{1,200}"$/.test(etag)) throw new OriginError(502, "the bucket did not confirm a part of the upload");
      etags.push(etag);
    },
    async complete() {
      const parts = etags.map(
        (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${etag}</ETag></Part>`,
      );
      const body = new TextEncoder().encode(`<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`);
      const headers = await hashHeader(body);
      const response = await send(name, {
        method: "POST",
        headers,
        query: { uploadId },
        body,
        patience: completionTime,
      });
      // The status is sent before the parts are put together; only the body says whether that worked.
      const text = await readStart(response, completionTime);
      if (/<CompleteMultipartUploadResult[\s>]/.test(text)) return;
      const code = /<Code>(\w{1,64})<\/Code>/.exec(text)?.[1] ?? "no result";
      throw new OriginError(502, `the bucket did not complete the upload: ${code}`);
    },
    async abort() {
      await send(name, { method: "DELETE", headers: {}, query: { uploadId } });
    },
  };
}

/** The bucket refuses bytes that were damaged in transit. */
async function hashHeader(bytes: Uint8Array<ArrayBuffer>): Promise<Readonly<Record<string, string>>> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return { "X-Amz-Content-Sha256": Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") };
}
