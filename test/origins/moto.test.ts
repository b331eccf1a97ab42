import { s3 } from "@portcullis/origin";
import { startMoto } from "./moto-bucket.ts";
import { rangeContract, wholeFileContract } from "./origin-contract.ts";

const { send, ...bucket } = await startMoto();
const store = {
  origin: s3({ ...bucket, prefix: "prod" }),
  put: (name: string, bytes: Uint8Array<ArrayBuffer>) => send("PUT", `prod/${name}`, bytes),
  remove: (name: string) => send("DELETE", `prod/${name}`),
};
wholeFileContract("a bucket of moto", store);
rangeContract("a bucket of moto", store);
