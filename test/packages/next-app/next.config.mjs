import { fileURLToPath } from "node:url";

/** Next itself is in the folder of the tests, above the app. */
export default { turbopack: { root: fileURLToPath(new URL("../..", import.meta.url)) } };
