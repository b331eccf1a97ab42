/** @jsxRuntime automatic */
/** @jsxImportSource hono/jsx */
import type { JSX } from "hono/jsx/jsx-runtime";

/** Which part of a list a page shows. */
export interface ListPosition {
  /** The path of the page. */
  readonly path: string;
  /** Other parameters of its address, such as the search. */
  readonly query?: Readonly<Record<string, string | undefined>> | undefined;
  /** The entry that it begins after; unset on the first page. */
  readonly after: string | undefined;
  /** The entry that the next page begins after; unset on the last page. */
  readonly next: string | undefined;
}

/** Leads to the next page of a list, and back to the first. */
export function Pager({ path, query, after, next }: ListPosition): JSX.Element {
  return (
    <>
      {(after !== undefined || next !== undefined) && (
        <p class="next actions">
          {after !== undefined && (
            <a class="button second" href={addressOf(path, query)}>
              First page
            </a>
          )}
          {next !== undefined && (
            <a class="button second" href={addressOf(path, { ...query, after: next })}>
              Next page
            </a>
          )}
        </p>
      )}
    </>
  );
}

/** Reads the search text; PostgreSQL accepts no text with a NUL character. */
export function readSearch(text = ""): string | undefined {
  const search = text
    .replace(/\p{Cc}/gu, " ")
    .trim()
    .slice(0, longestSearch);
  return search === "" ? undefined : search;
}

/** In characters; titles and recipients are not longer. */
const longestSearch = 200;

interface SearchFormProps {
  readonly path: string;
  /** Which columns are searched, such as `Title or identifier`. */
  readonly label: string;
  readonly search: string | undefined;
  /** Other parameters of the address, which stay the same. */
  readonly query?: Readonly<Record<string, string | undefined>> | undefined;
}

/** The form that searches a list; it needs no script. */
export function SearchForm({ path, label, search = "", query = {} }: SearchFormProps): JSX.Element {
  return (
    <search>
      <form class="search" action={path}>
        {Object.entries(query).map(
          ([name, value]) => value !== undefined && <input type="hidden" name={name} value={value} />,
        )}
        <input
          type="search"
          name="search"
          value={search}
          aria-label={label}
          placeholder={label}
          maxlength={longestSearch}
        />
        <button class="second" type="submit">
          Search
        </button>
        {search !== "" && (
          <a class="button second" href={addressOf(path, query)}>
            Show all
          </a>
        )}
      </form>
    </search>
  );
}

function addressOf(path: string, query: ListPosition["query"] = {}): string {
  const set = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return set.length === 0 ? path : `${path}?${new URLSearchParams(set)}`;
}
