import type { ResponseKind } from "./classify-response.ts";
import type { CaseGrade, ProbeCase } from "./probe-case.ts";
import type { ProbeMethod, ProbeResponse } from "./probe-client.ts";

/** How one case went. */
export interface CaseResult {
  readonly probe: ProbeCase;
  /** The query with its tokens, as it was sent; absent if the case could not be tried. */
  readonly query?: string;
  /** Absent if the case could not be tried. */
  readonly answers?: Readonly<Record<ProbeMethod, ProbeResponse>>;
  readonly kinds?: Readonly<Record<ProbeMethod, ResponseKind>>;
  /** The methods by which it went wrong. */
  readonly faults: readonly ProbeMethod[];
}

/** How one look at the answers' headers went. */
export interface ResponseCheck {
  readonly id: string;
  /** `"warning"` does not change the verdict. */
  readonly outcome: "good" | "fault" | "warning";
  readonly sentence: string;
}

/** What a probe comes to. */
export interface ProbeVerdict {
  readonly word: "LOCKED" | "OPEN" | "WEAK" | "SHUT" | "FLAWED" | "UNPROVEN";
  readonly sentence: string;
}

/** Which methods let a grade of cases through. */
export function methodsThrough(results: readonly CaseResult[], ...grades: CaseGrade[]): readonly ProbeMethod[] {
  const methods = results.filter(({ probe }) => grades.includes(probe.grade)).flatMap(({ faults }) => faults);
  return [...new Set(methods)];
}
