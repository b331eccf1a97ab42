import { r2 } from "@portcullis/origin";
import { rangeContract, wholeFileContract } from "./origin-contract.ts";
import { startR2 } from "./r2-bucket.ts";

const bucket = await startR2();
const store = {
  origin: r2(bucket, { prefix: "/prod/" }),
  put: (name: string, bytes: Uint8Array<ArrayBuffer>) => bucket.put(`prod/${name}`, new Uint8Array(bytes).buffer),
  remove: (name: string) => bucket.delete(`prod/${name}`),
};
wholeFileContract("an R2 bucket of Miniflare", store);
rangeContract("an R2 bucket of Miniflare", store, 2);
