import type { Context } from "hono";
import type { Actor } from "../audit/audit.ts";
import type { Session } from "../sign-in/administrator.ts";

/** What the server in front of the administration pages knows about a request, and needs to know about the response. */
export interface AdminBindings {
  readonly address: string | undefined;
  /** Called when the client is allowed to send a file: only then is its request allowed to take long. */
  readonly allowUpload: () => void;
  /** Called at most once with what failed, for the log; the browser does not see it. */
  readonly report: (facts: { readonly problem: string }) => void;
}

/** What the pages store in Hono's context. */
export interface AdminEnvironment {
  Bindings: AdminBindings;
  Variables: {
    /** The session of a browser that has signed in. */
    session: Session;
    /** Who makes the changes of this request. */
    actor: Actor;
  };
}

/** The context of a request to an administration page. */
export type AdminContext = Context<AdminEnvironment>;
