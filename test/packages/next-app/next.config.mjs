import { fileURLToPath } from "node:url";

/** Next itself lies in the folder of the tests, above the app. */
export default { turbopack: { root: fileURLToPath(new URL("../..", import.meta.url)) } };
