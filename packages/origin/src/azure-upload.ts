import { contentType } from "./content-type.ts";
import type { UploadProtocol } from "./write-object.ts";

/** Uploads to Azure Blob Storage in blocks. If an upload is interrupted, Azure removes its blocks after a week. */
export const azureUpload: UploadProtocol = {
  async putWhole(send, name, body) {
    const headers = { "x-ms-blob-type": "BlockBlob", "x-ms-blob-content-type": contentType(name) };
    await send(name, { method: "PUT", headers, body });
  },
  async begin(send, name) {
    // Another upload of the same name must not replace blocks of this one.
    const upload = crypto.randomUUID();
    const blocks: string[] = [];
    return {
      async put(number, body) {
        // All IDs have the same length, as Azure requires.
        const blockid = btoa(`${upload}-${String(number).padStart(5, "0")}`);
        await send(name, { method: "PUT", headers: {}, query: { blockid, comp: "block" }, body });
        blocks.push(blockid);
      },
      async complete() {
        const list = blocks.map((block) => `<Latest>${block}</Latest>`).join("");
        const body = new TextEncoder().encode(`<?xml version="1.0" encoding="utf-8"?><BlockList>${list}</BlockList>`);
        const headers = { "x-ms-blob-content-type": contentType(name) };
        await send(name, { method: "PUT", headers, query: { comp: "blocklist" }, body });
      },
      async abort() {},
    };
  },
  remedies: {
    AuthorizationPermissionMismatch: "the shared access signature does not allow writing (sp=rcw)",
  },
};
