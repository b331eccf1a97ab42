import { useDatabases } from "../depot/running-depot.ts";
import { startPostgres } from "./postgres-server.ts";

// The suites about pages and files, the same as with SQLite; a separate file, because files are tested in parallel.
useDatabases(await startPostgres());

await import("../depot/account.test.ts");
await import("../depot/administration.test.ts");
await import("../depot/audit.test.ts");
await import("../depot/form-uploads.test.ts");
await import("../depot/hosting.test.ts");
await import("../depot/hosting-pages.test.ts");
await import("../depot/icons.test.ts");
await import("../depot/install-page.test.ts");
await import("../depot/jwk-set.test.ts");
await import("../depot/origin-hosting.test.ts");
await import("../depot/origin-option.test.ts");
await import("../depot/pages.test.ts");
await import("../depot/public-routes.test.ts");
await import("../depot/publish.test.ts");
await import("../depot/secrets.test.ts");
await import("../depot/web-server-hosting.test.ts");
