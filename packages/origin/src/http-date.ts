/** RFC 9110 section 5.6.7: the preferred form, then the two obsolete ones, which a recipient must accept. */
const imfFixdate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const rfc850Date = /^[A-Z][a-z]{5,8}, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}:\d{2}:\d{2}) GMT$/;
const asctimeDate = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}:\d{2}:\d{2}) (\d{4})$/;

/** Reads an HTTP date as seconds since 1970; `undefined` for anything else, which `Date.parse` would often accept. */
export function parseHttpDate(text: string): number | undefined {
  return seconds(imfFixdate.test(text) ? text : (fromRfc850(text) ?? fromAsctime(text) ?? ""));
}

function fromRfc850(text: string): string | undefined {
  const [, day, month, year, time] = rfc850Date.exec(text) ?? [];
  if (year === undefined) return undefined;
  // A two-digit year more than 50 years ahead is in the past.
  const thisYear = new Date().getUTCFullYear();
  const inThisCentury = Math.floor(thisYear / 100) * 100 + Number(year);
  return `${day} ${month} ${inThisCentury > thisYear + 50 ? inThisCentury - 100 : inThisCentury} ${time} GMT`;
}

function fromAsctime(text: string): string | undefined {
  const [, month, day, time, year] = asctimeDate.exec(text) ?? [];
  return year === undefined ? undefined : `${day} ${month} ${year} ${time} GMT`;
}

function seconds(text: string): number | undefined {
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000);
}
