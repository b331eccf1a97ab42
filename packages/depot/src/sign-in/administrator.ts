import { createHash, randomBytes } from "node:crypto";
import { type Actor, recordChanges } from "../audit/audit.ts";
import { depotError } from "../depot-error.ts";
import type { Store } from "../store/open-store.ts";
import type { Database } from "../store/schema.ts";
import { createAttemptLimit } from "./attempt-limit.ts";
import { checkNewPassword, hashPassword, isPassword } from "./password.ts";

/** A browser that has signed in. */
export interface Session {
  /** The value of its cookie. */
  readonly token: string;
  /** Every form must contain it, so that no other site can send one. */
  readonly formToken: string;
}

/** The outcome of an attempt to sign in. */
export type SignInResult =
  | { readonly outcome: "signed_in"; readonly session: Session }
  | { readonly outcome: "password_wrong" }
  | { readonly outcome: "too_many_attempts"; readonly retryAfter: number };

/** The outcome of a password check. */
export type PasswordCheck =
  | { readonly outcome: "right"; readonly stored: string; readonly retryAfter?: never }
  | { readonly outcome: "password_wrong"; readonly retryAfter?: never }
  | { readonly outcome: "too_many_attempts"; readonly retryAfter: number };

/** The one administrator of a depot: the password and the sessions. */
export interface Administrator {
  /** Whether the password has been set. */
  exists(): Promise<boolean>;
  /** Creates a link that sets the password once, and resolves with its secret. It works for a day. */
  createSetupLink(): Promise<string>;
  isSetupLink(secret: string): Promise<boolean>;
  /** Sets the password with a setup link; all sessions and setup links end, and a new session begins. */
  setUp(secret: string, password: string, address: string | undefined): Promise<Session>;
  signIn(password: string, address: string | undefined): Promise<SignInResult>;
  /** Checks the password without starting a session; like `signIn`, it counts as an attempt. */
  checkPassword(password: string, address: string | undefined): Promise<PasswordCheck>;
  /** The session of a cookie; `undefined` if it has ended. */
  session(token: string): Promise<Session | undefined>;
  signOut(session: Session, address: string | undefined): Promise<void>;
  /**
   * Replaces the password; all sessions end, and a new one begins. Attempts count like attempts to sign in.
   *
   * Rejects with `password_invalid` if the new password is not allowed.
   */
  changePassword(current: string, next: string, address: string | undefined): Promise<SignInResult>;
}

/** In seconds. */
const setupLinkLife = 24 * 60 * 60;
/** A working day. In seconds. */
export const sessionLife: number = 12 * 60 * 60;
const secretBytes = 20; // 160 bits

/** Creates the functions that read and change the administrator's password and sessions; `now` in seconds. */
export function createAdministrator(store: Store, now: () => number): Administrator {
  const { db } = store;
  const limit = createAttemptLimit(now);
  const time = (): number => Math.floor(now());
  const actor = (address: string | undefined): Actor => ({ name: "administrator", address });

  async function beginSession(transaction: Database): Promise<Session> {
    const token = newSecret();
    await transaction.deleteFrom("session").where("expires_at", "<=", time()).execute();
    const row = { token_hash: hashOf(token), created_at: time(), expires_at: time() + sessionLife };
    await transaction.insertInto("session").values(row).execute();
    return sessionOf(token);
  }

  async function checkPassword(password: string, address: string | undefined): Promise<PasswordCheck> {
    const retryAfter = limit.attempt(address);
    if (retryAfter > 0) return { outcome: "too_many_attempts", retryAfter };
    const stored = await passwordHash(db);
    if (stored === undefined || !(await isPassword(password, stored))) return { outcome: "password_wrong" };
    limit.succeeded(address);
    return { outcome: "right", stored };
  }

  async function findSetupLink(from: Database, secret: string): Promise<boolean> {
    const found = await from
      .selectFrom("setup_link")
      .select("secret_hash")
      .where("secret_hash", "=", hashOf(secret))
      .where("expires_at", ">", time())
      .executeTakeFirst();
    return found !== undefined;
  }

  return {
    exists: async () => (await passwordHash(db)) !== undefined,

    async createSetupLink() {
      const secret = newSecret();
      const row = { secret_hash: hashOf(secret), expires_at: time() + setupLinkLife };
      await store.write(async (transaction) => {
        await transaction.deleteFrom("setup_link").where("expires_at", "<=", time()).execute();
        await transaction.insertInto("setup_link").values(row).execute();
        const record = recordChanges({ name: "depot" }, now);
        await record(transaction, { action: "setup_link_created", subject: "administrator" });
      });
      return secret;
    },

    isSetupLink: (secret) => findSetupLink(db, secret),

    async setUp(secret, password, address) {
      checkNewPassword(password);
      // Only then is the hash computed, which takes time and memory.
      if (!(await findSetupLink(db, secret))) throw setupLinkUnknown();
      const password_hash = await hashPassword(password);
      return store.write(async (transaction) => {
        if (!(await findSetupLink(transaction, secret))) throw setupLinkUnknown();
        for (const table of ["administrator", "session", "bearer_token", "setup_link"] as const)
          await transaction.deleteFrom(table).execute();
        await transaction.insertInto("administrator").values({ id: 1, password_hash, changed_at: time() }).execute();
        await recordChanges(actor(address), now)(transaction, { action: "password_set", subject: "administrator" });
        return beginSession(transaction);
      });
    },

    checkPassword,

    async signIn(password, address) {
      const check = await checkPassword(password, address);
      if (check.outcome !== "right") return check;
      const session = await store.write(async (transaction) => {
        // The password might have been replaced in the meantime, which ended its sessions.
        if ((await passwordHash(transaction)) !== check.stored) return undefined;
        await recordChanges(actor(address), now)(transaction, { action: "signed_in", subject: "administrator" });
        return beginSession(transaction);
      });
      return session ? { outcome: "signed_in", session } : { outcome: "password_wrong" };
    },

    async changePassword(current, next, address) {
      checkNewPassword(next);
      const check = await checkPassword(current, address);
      if (check.outcome !== "right") return check;
      const password_hash = await hashPassword(next);
      const session = await store.write(async (transaction) => {
        // If two changes are made at the same moment, the second one used a password that is no longer valid.
        if ((await passwordHash(transaction)) !== check.stored) return undefined;
        await transaction.updateTable("administrator").set({ password_hash, changed_at: time() }).execute();
        for (const table of ["session", "bearer_token"] as const) await transaction.deleteFrom(table).execute();
        await recordChanges(actor(address), now)(transaction, { action: "password_changed", subject: "administrator" });
        return beginSession(transaction);
      });
      return session ? { outcome: "signed_in", session } : { outcome: "password_wrong" };
    },

    async session(token) {
      const found = await db
        .selectFrom("session")
        .select("token_hash")
        .where("token_hash", "=", hashOf(token))
        .where("expires_at", ">", time())
        .executeTakeFirst();
      return found && sessionOf(token);
    },

    async signOut({ token }, address) {
      await store.write(async (transaction) => {
        await transaction.deleteFrom("session").where("token_hash", "=", hashOf(token)).execute();
        await recordChanges(actor(address), now)(transaction, { action: "signed_out", subject: "administrator" });
      });
    },
  };
}

async function passwordHash(db: Database): Promise<string | undefined> {
  return (await db.selectFrom("administrator").select("password_hash").executeTakeFirst())?.password_hash;
}

function newSecret(): string {
  return randomBytes(secretBytes).toString("hex");
}

/** The secret is random, so a plain hash cannot be reversed by trying. */
function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

function sessionOf(token: string): Session {
  return { token, formToken: createHash("sha256").update(`form ${token}`).digest("base64url") };
}

function setupLinkUnknown(): Error {
  return depotError(
    "setup_link_unknown",
    "this setup link has already been used, has expired, or is incomplete",
    "Restart the depot: it prints a new one while no password is set, or with --reset-password",
  );
}
