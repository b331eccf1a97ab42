/** What the apps of this folder are put under the contract with; bundled into each, as it can import nothing from here. */
export { createDecisionRecord } from "../contract/decision-record.ts";
export { answerWithWhatWasSeen } from "../contract/fetch-handler.ts";
export { contractHandler } from "../runtimes/servers/contract-handler.ts";
export { answerInHalves } from "./answer-in-halves.ts";
