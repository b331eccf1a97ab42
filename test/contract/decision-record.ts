import type { Decision, ObservedRequest } from "@portcullis/core";

/** Stores what `onDecision` receives until it is fetched, for the contract's `/decisions`. */
export function createDecisionRecord(): {
  onDecision(decision: Decision, request: ObservedRequest): void;
  takeJson(): string;
} {
  let told: object[] = [];
  return {
    onDecision(decision, request) {
      told.push({ ...summaryOf(decision), ...request });
    },
    takeJson() {
      const json = JSON.stringify(told);
      told = [];
      return json;
    },
  };
}

/** The part of a decision that the contract's handlers show. */
export function summaryOf(decision: Decision): { allowed: boolean; code?: string } {
  return decision.allowed ? { allowed: true } : { allowed: false, code: decision.code };
}
