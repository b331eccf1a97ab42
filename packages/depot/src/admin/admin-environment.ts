import type { Context } from "hono";
import type { Actor } from "../audit/audit.ts";
import type { Session } from "../sign-in/administrator.ts";

/** What the server in front of the administration pages knows of a request, and wants to know of the response. */
export interface AdminBindings {
  readonly address: string | undefined;
  /** Called when the client is allowed to send a file: only then can its request take long. */
  readonly allowUpload: () => void;
  /** Called at most once with what failed, for the log; the browser is not told. */
  readonly report: (facts: { readonly problem: string }) => void;
}

/** What the pages have in Hono's context. */
export interface AdminEnvironment {
  Bindings: AdminBindings;
  Variables: {
    /** Of a browser that has signed in. */
    session: Session;
    /** Who makes the changes of this request. */
    actor: Actor;
  };
}

/** The context of a request to an administration page. */
export type AdminContext = Context<AdminEnvironment>;
