import { useDatabases } from "../depot/running-depot.ts";
import { storySuite } from "../depot-pages/story-suite.ts";
import { startPostgres } from "../postgresql/postgres-server.ts";
import { startCeph } from "./ceph-bucket.ts";

const { endpoint, credentials } = await startCeph();
useDatabases(await startPostgres());

storySuite("with PostgreSQL and a bucket of Ceph", {
  javaScript: true,
  originArgs: ["--origin", "s3://apps/story", "--endpoint", endpoint],
  env: { AWS_ACCESS_KEY_ID: credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey },
});
