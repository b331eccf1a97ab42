import type { ResponseKind } from "./classify-response.ts";
import type { CaseGrade, ProbeCase } from "./probe-case.ts";
import type { ProbeMethod, ProbeResponse } from "./probe-client.ts";

/** The result of one case. */
export interface CaseResult {
  readonly probe: ProbeCase;
  /** The query with its tokens, as it was sent; absent if the case was not tried. */
  readonly query?: string;
  /** Absent if the case was not tried. */
  readonly responses?: Readonly<Record<ProbeMethod, ProbeResponse>>;
  readonly kinds?: Readonly<Record<ProbeMethod, ResponseKind>>;
  /** The methods whose response is wrong. */
  readonly faults: readonly ProbeMethod[];
}

/** The result of one check of the responses. */
export interface ResponseCheck {
  readonly id: string;
  /** `"warning"` does not change the verdict. */
  readonly outcome: "good" | "fault" | "warning";
  readonly sentence: string;
}

/** The conclusion of a probe. */
export interface ProbeVerdict {
  readonly word: "LOCKED" | "OPEN" | "WEAK" | "SHUT" | "FLAWED" | "UNPROVEN";
  readonly sentence: string;
}

/** Returns the methods that let any case of these grades through. */
export function methodsThrough(results: readonly CaseResult[], ...grades: CaseGrade[]): readonly ProbeMethod[] {
  const methods = results.filter(({ probe }) => grades.includes(probe.grade)).flatMap(({ faults }) => faults);
  return [...new Set(methods)];
}
