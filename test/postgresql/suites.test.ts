import { useDatabases } from "../depot/running-depot.ts";
import { startPostgres } from "./postgres-server.ts";

// The same suites as with SQLite, except those about SQLite's files.
const { createDatabase } = await startPostgres();
useDatabases(createDatabase);

await import("../depot/administration.test.ts");
await import("../depot/audit.test.ts");
await import("../depot/configuration.test.ts");
await import("../depot/configuration-command.test.ts");
await import("../depot/hosting.test.ts");
await import("../depot/items.test.ts");
await import("../depot/jamf-api.test.ts");
await import("../depot/jamf-sign-in.test.ts");
await import("../tools/depot-killed.test.ts");
await import("../depot/links.test.ts");
await import("../depot/order.test.ts");
await import("../depot/pages.test.ts");
await import("../depot/publish-remotely.test.ts");
await import("../depot/receipts.test.ts");
await import("../depot/story.test.ts");
await import("../depot/tokens.test.ts");
await import("../depot/uploads.test.ts");
