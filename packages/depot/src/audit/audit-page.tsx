/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { Hono } from "hono";
import type { JSX } from "hono/jsx/jsx-runtime";
import type { AdminEnvironment } from "../admin/admin-environment.ts";
import { Page, sendPage } from "../admin/page.tsx";
import { Table } from "../admin/table.tsx";
import { Time } from "../admin/time.tsx";
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
        <Table
          rows={records}
          columns={[
            {
              name: "Change",
              kind: "text",
              cell: ({ action, subject, detail }) => (
                <>
                  <strong>{subject}</strong>: {auditActions[action]}
                  {detail !== undefined && <span class="faint">, {detail}</span>}
                </>
              ),
            },
            {
              name: "Who",
              cell: ({ actor }) => (
                <span>
                  {actor.name}
                  {actor.address !== undefined && <span class="faint"> at {actor.address}</span>}
                </span>
              ),
            },
            { name: "When", cell: ({ changedAt }) => <Time at={changedAt} /> },
          ]}
        />
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
