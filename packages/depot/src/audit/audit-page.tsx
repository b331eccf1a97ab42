/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { Hono } from "hono";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { AdminEnvironment } from "../admin/admin-environment.ts";
import { Page, sendPage, Time } from "../admin/page.tsx";
import type { Database } from "../store/schema.ts";
import { type AuditRecord, auditActions, listChanges } from "./audit.ts";

const perPage = 50;

/** Adds the page that lists who changed what. */
export function addAuditPage(app: Hono<AdminEnvironment>, db: Database): void {
  app.get("/audit", async (context) => {
    const text = context.req.query("before") ?? "";
    const before = /^\d{1,9}$/.test(text) ? Number(text) : undefined;
    const records = await listChanges(db, { limit: perPage, before });
    return sendPage(context, <AuditPage records={records} formToken={context.var.session.formToken} />);
  });
}

interface AuditPageProps {
  readonly records: readonly AuditRecord[];
  readonly formToken: string;
}

function AuditPage({ records, formToken }: AuditPageProps): JSX.Element {
  const last = records.at(-1)?.number ?? 1;
  return (
    <Page title="Audit log" section="/audit" formToken={formToken}>
      <section class="card">
        <table>
          <thead>
            <tr>
              <th scope="col">Change</th>
              <th scope="col">Who</th>
              <th scope="col">When</th>
            </tr>
          </thead>
          <tbody>
            {records.map(({ action, subject, detail, actor, changedAt }) => (
              <tr>
                <td>
                  <strong>{subject}</strong>: {auditActions[action]}
                  {detail !== undefined && <span class="faint">, {detail}</span>}
                </td>
                <td data-label="Who">
                  <span>
                    {actor.name}
                    {actor.address !== undefined && <span class="faint"> at {actor.address}</span>}
                  </span>
                </td>
                <td data-label="When">
                  <Time at={changedAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {last > 1 && (
        <p>
          <a class="button second" href={`/audit?before=${last}`}>
            Earlier changes
          </a>
        </p>
      )}
    </Page>
  );
}
