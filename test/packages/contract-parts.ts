/** The parts that the apps of this folder need for the contract; bundled into each app, because an app cannot import files from here. */
export { createDecisionRecord } from "../contract/decision-record.ts";
export { respondWithWhatWasSeen } from "../contract/fetch-handler.ts";
export { contractHandler } from "../runtimes/servers/contract-handler.ts";
export { respondInHalves } from "./respond-in-halves.ts";
