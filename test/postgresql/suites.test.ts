import { useDatabases } from "../depot/running-depot.ts";
import { startPostgres } from "./postgres-server.ts";

// The same suites as with SQLite, except those about SQLite's files; the others are in page-suites.test.ts.
useDatabases(await startPostgres());

await import("../depot/configuration.test.ts");
await import("../depot/configuration-command.test.ts");
await import("../depot/items.test.ts");
await import("../depot/jamf-api.test.ts");
await import("../depot/jamf-sign-in.test.ts");
await import("../tools/depot-killed.test.ts");
await import("../depot/links.test.ts");
await import("../depot/order.test.ts");
await import("../depot/publish-remotely.test.ts");
await import("../depot/receipts.test.ts");
await import("../depot/story.test.ts");
await import("../depot/tokens.test.ts");
await import("../depot/uploads.test.ts");
