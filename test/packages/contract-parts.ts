/** What the apps of this folder are put under the contract with; bundled into each, as it can import nothing from here. */
export { createDecisionRecord } from "../contract/decision-record.ts";
export { respondWithWhatWasSeen } from "../contract/fetch-handler.ts";
export { contractHandler } from "../runtimes/servers/contract-handler.ts";
export { respondInHalves } from "./respond-in-halves.ts";
