import { createHash, randomBytes } from "node:crypto";
import { type Actor, recordChanges } from "../audit/audit.ts";
import type { Store } from "../store/open-store.ts";
import type { Database } from "../store/schema.ts";
import { type Administrator, type PasswordCheck, sessionLife } from "./administrator.ts";

/** A token that replaces the administrator's password for a while. */
export interface BearerToken {
  readonly token: string;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

/** Tokens of programs that use Jamf's API: each is issued in exchange for the administrator's password. */
export interface BearerTokens {
  /** Exchanges the password for a token; attempts count like attempts to sign in. */
  signIn(
    password: string,
    address: string | undefined,
  ): Promise<BearerToken | Exclude<PasswordCheck, { readonly outcome: "right" }>>;
  isValid(token: string): Promise<boolean>;
  /**
   * Replaces a token with one that expires later, at most 12 hours after its sign-in; `undefined` if it is not valid.
   */
  keepAlive(token: string): Promise<BearerToken | undefined>;
  /** Ends a token; resolves with whether it was valid. */
  invalidate(token: string, address: string | undefined): Promise<boolean>;
}

/** As in Jamf Pro, in seconds. */
const life = 30 * 60;
/** The oldest one ends if there are more. */
const mostTokens = 100;
/** Lets programs that look for leaked secrets recognise a token. */
const prefix = "portcullis_admin_";
const form = /^portcullis_admin_[0-9a-f]{40}$/;
const secretBytes = 20; // 160 bits

/** Creates the functions that issue, replace and end bearer tokens; `now` in seconds. */
export function createBearerTokens(
  store: Store,
  administrator: Pick<Administrator, "checkPassword">,
  now: () => number,
): BearerTokens {
  const time = (): number => Math.floor(now());

  async function insert(transaction: Database, signedInAt: number): Promise<BearerToken> {
    const token = prefix + randomBytes(secretBytes).toString("hex");
    const expiresAt = Math.min(time() + life, signedInAt + sessionLife);
    const row = { token_hash: hashOf(token), signed_in_at: signedInAt, expires_at: expiresAt };
    await transaction.insertInto("bearer_token").values(row).execute();
    return { token, expiresAt };
  }

  /** Removes a valid token, and returns when its sign-in was. */
  async function take(transaction: Database, token: string): Promise<number | undefined> {
    const removed = await transaction
      .deleteFrom("bearer_token")
      .where("token_hash", "=", hashOf(token))
      .where("expires_at", ">", time())
      .returning("signed_in_at")
      .executeTakeFirst();
    return removed?.signed_in_at;
  }

  return {
    async signIn(password, address) {
      const check = await administrator.checkPassword(password, address);
      if (check.outcome !== "right") return check;
      const made = await store.write(async (transaction) => {
        // The password might have been replaced in the meantime, which ended all its tokens.
        const current = await transaction.selectFrom("administrator").select("password_hash").executeTakeFirst();
        if (current?.password_hash !== check.stored) return undefined;
        await transaction.deleteFrom("bearer_token").where("expires_at", "<=", time()).execute();
        const kept = transaction
          .selectFrom("bearer_token")
          .select("token_hash")
          .orderBy("expires_at", "desc")
          .limit(mostTokens - 1);
        await transaction.deleteFrom("bearer_token").where("token_hash", "not in", kept).execute();
        await recordChanges(programOf(address), now)(transaction, { action: "signed_in", subject: "administrator" });
        return insert(transaction, time());
      });
      return made ?? { outcome: "password_wrong" };
    },

    async isValid(token) {
      if (!form.test(token)) return false;
      const found = await store.db
        .selectFrom("bearer_token")
        .select("token_hash")
        .where("token_hash", "=", hashOf(token))
        .where("expires_at", ">", time())
        .executeTakeFirst();
      return found !== undefined;
    },

    async keepAlive(token) {
      if (!form.test(token)) return undefined;
      return store.write(async (transaction) => {
        const signedInAt = await take(transaction, token);
        return signedInAt === undefined ? undefined : insert(transaction, signedInAt);
      });
    },

    async invalidate(token, address) {
      if (!form.test(token)) return false;
      return store.write(async (transaction) => {
        if ((await take(transaction, token)) === undefined) return false;
        const entry = { action: "signed_out", subject: "administrator" } as const;
        await recordChanges(programOf(address), now)(transaction, entry);
        return true;
      });
    },
  };
}

function programOf(address: string | undefined): Actor {
  return { name: "administrator by API", address };
}

/** The secret is random, so a plain hash cannot be reversed by trying. */
function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
