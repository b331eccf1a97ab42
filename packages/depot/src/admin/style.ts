import { createHash } from "node:crypto";
import { palette } from "./palette.ts";

/** The style of all pages. */
export const style: string = `${palette}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); overflow-wrap: break-word; }
a { color: var(--accent); text-underline-offset: 0.2em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: 0.5rem 1rem; z-index: 1; }
.top { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 1.5rem; padding: 0.75rem max(1.25rem, calc((100% - 66rem) / 2)); background: var(--card); border-bottom: 1px solid var(--line); }
.brand { display: flex; align-items: center; gap: 0.6rem; font-weight: 650; letter-spacing: -0.01em; color: var(--text); text-decoration: none; padding: 0.35rem 0; }
.logo { width: 1.6rem; height: 1.6rem; fill: none; stroke: var(--accent); stroke-width: 1.8; stroke-linecap: round; }
nav { display: flex; flex-wrap: wrap; gap: 0.25rem; flex: 1; }
nav a { padding: 0.4rem 0.75rem; border-radius: 999px; color: var(--faint); text-decoration: none; font-weight: 500; }
nav a:hover { color: var(--text); background: var(--page); }
nav a[aria-current] { color: var(--accent); background: var(--accent-faint); }
main { max-width: 68.5rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
main.narrow { max-width: 29rem; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -0.02em; margin: 0 0 1.25rem; }
h2 { font-size: 1.15rem; line-height: 1.3; letter-spacing: -0.01em; margin: 0 0 0.75rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 0.5rem; }
p { margin: 0 0 0.75rem; }
p:last-child { margin-bottom: 0; }
.faint, .hint { color: var(--faint); }
.hint { font-size: 0.9rem; margin: 0.3rem 0 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); padding: 1.5rem; margin: 0 0 1.5rem; }
.field { margin: 0 0 1.25rem; }
label, legend { font-weight: 600; }
label { display: block; margin-bottom: 0.3rem; }
fieldset { border: 0; padding: 0; margin: 0 0 1.25rem; min-width: 0; }
legend { padding: 0; margin-bottom: 0.4rem; }
.choice { display: flex; gap: 0.6rem; align-items: baseline; margin: 0.35rem 0; }
.choice.field { margin: 0 0 1.25rem; }
.choice label { font-weight: 400; margin: 0; }
input, textarea, select, button, .button { font: inherit; color: inherit; }
input:not([type="radio"], [type="checkbox"], [type="hidden"]), textarea, select { width: 100%; background: var(--card); border: 1px solid var(--field); border-radius: 8px; padding: 0.55rem 0.7rem; min-height: 2.75rem; }
input[type="number"] { max-width: 9rem; }
input[type="password"] { max-width: 26rem; }
input[type="radio"], input[type="checkbox"] { accent-color: var(--accent); width: 1.1rem; height: 1.1rem; flex: none; position: relative; top: 0.15rem; }
textarea, code, pre, .mono { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 0.875rem; }
textarea { min-height: 9rem; resize: vertical; }
[aria-invalid="true"] { border-color: var(--bad) !important; }
.error { color: var(--bad); font-weight: 500; margin: 0.3rem 0 0; }
button, .button { display: inline-flex; align-items: center; justify-content: center; gap: 0.5rem; min-height: 2.75rem; padding: 0.5rem 1.1rem; border-radius: 10px; border: 1px solid transparent; background: var(--accent); color: var(--on-accent); font-weight: 600; text-decoration: none; cursor: pointer; }
button:hover, .button:hover { filter: brightness(1.08); }
button.second, .button.second { background: transparent; border-color: var(--field); color: var(--text); }
button.danger { background: transparent; border-color: var(--bad); color: var(--bad); }
button.quiet { background: transparent; color: var(--faint); padding: 0.4rem 0.5rem; font-weight: 500; }
@supports selector(:has(*)) {
  .move:not(:has([value="web-server"]:checked)) .when-web-server { display: none; }
  fieldset:not(:has(#key-paste:checked)) .when-paste, fieldset:not(:has(#key-upload:checked)) .when-upload { display: none; }
}
.when-paste, .when-upload { margin: 0.75rem 0 0.75rem 1.7rem; }
.key + .key { border-top: 1px solid var(--line); padding-top: 1rem; margin-top: 1rem; }
summary { cursor: pointer; color: var(--accent); width: fit-content; }
pre { overflow-x: auto; background: var(--page); border: 1px solid var(--line); border-radius: 8px; padding: 0.8rem 1rem; margin: 0.6rem 0; }
.actions { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: center; }
.notice { border-radius: 10px; padding: 0.8rem 1rem; margin: 0 0 1.5rem; font-weight: 500; }
.notice.done { background: var(--good-faint); color: var(--good); }
.notice.problem { background: var(--bad-faint); color: var(--bad); }
.notice.warn { background: var(--warn-faint); color: var(--warn); }
.badge { display: inline-block; border-radius: 0.9rem; padding: 0.1rem 0.65rem; font-size: 0.85rem; font-weight: 600; background: var(--accent-faint); color: var(--accent); max-width: 100%; overflow-wrap: anywhere; }
.badge.good { background: var(--good-faint); color: var(--good); }
.badge.warn { background: var(--warn-faint); color: var(--warn); }
.badge.bad { background: var(--bad-faint); color: var(--bad); }
.badge.off { background: var(--page); color: var(--faint); }
dl.facts { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: 0.4rem 1.5rem; margin: 0; }
dl.facts dt { color: var(--faint); }
dl.facts dd { margin: 0; min-width: 0; }
table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: 0.65rem 1rem 0.65rem 0; vertical-align: baseline; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--faint); font-weight: 500; font-size: 0.9rem; white-space: nowrap; }
tbody th { font-weight: 600; min-width: 7rem; overflow-wrap: anywhere; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
time { white-space: nowrap; }
.item-icon { width: 3rem; height: 3rem; flex: none; }
img.item-icon { border-radius: 23%; box-shadow: 0 0 0 1px var(--line); }
.item-icon path { fill: none; stroke: #fff; stroke-width: 3; stroke-linejoin: round; stroke-linecap: round; }
.item-icon text { font-size: 32px; font-weight: 650; fill: #fff; }
.colour-0 rect { fill: #3155d0; }
.colour-1 rect { fill: #0f766e; }
.colour-2 rect { fill: #9d3f6e; }
.colour-3 rect { fill: #a2480f; }
.colour-4 rect { fill: #6440b8; }
.colour-5 rect { fill: #3f6212; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.warning { color: var(--warn); font-weight: 400; font-size: 0.9rem; margin: 0.25rem 0 0; }
.below { margin-top: 1.25rem; }
.next { margin: 1rem 0 0; }
.search { display: flex; flex-wrap: wrap; gap: 0.75rem; margin: 0 0 1rem; }
.search input { flex: 1; min-width: min(100%, 14rem); width: auto !important; }
td .inline { flex-wrap: nowrap; justify-content: flex-end; }
select.small { min-height: 2.25rem; padding: 0.25rem 0.5rem; width: auto; max-width: 9rem; font-size: 0.9rem; }
.list { list-style: none; margin: 0; padding: 0; }
.list > li { border-top: 1px solid var(--line); }
.list > li:first-child { border-top: 0; }
.list > li > a { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 1rem; padding: 0.9rem 0.25rem; color: inherit; text-decoration: none; }
.list > li > a:hover .name { color: var(--accent); text-decoration: underline; }
.list .what { flex: 1; min-width: 12rem; }
.name { font-weight: 600; }
.badges { display: flex; flex-wrap: wrap; gap: 0.4rem; max-width: 100%; }
td .badges { min-width: 5.5rem; }
.heading { display: flex; align-items: center; gap: 1rem; margin: 0 0 1.5rem; }
.heading h1 { margin: 0; }
.heading .item-icon { width: 4rem; height: 4rem; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); gap: 0 1.5rem; align-items: start; }
.empty { text-align: center; padding: 2.5rem 1rem; color: var(--faint); }
.inline { display: flex; flex-wrap: wrap; gap: 0.75rem 1rem; align-items: flex-start; }
.inline .field { margin: 0; max-width: 100%; }
.inline .hint, .inline .error { max-width: 22rem; }
.inline > button { margin-top: 1.8rem; }
td .inline { align-items: center; }
td .inline > button { margin-top: 0; }
.when-web-server { flex: 1 1 22rem; }
.address { display: block; color: var(--faint); font-size: 0.85rem; overflow-wrap: anywhere; }
tbody th .error { font-size: 0.9rem; }
button.small { min-height: 2.25rem; padding: 0.25rem 0.8rem; font-size: 0.9rem; }
progress { width: 100%; height: 0.7rem; accent-color: var(--accent); }
.upload p { margin: 0 0 0.5rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.qr { display: block; width: 13rem; max-width: 100%; border-radius: 10px; }
.secret { display: block; padding: 0.8rem 1rem; background: var(--page); border: 1px solid var(--line); border-radius: 8px; overflow-wrap: anywhere; user-select: all; }
.with-qr { display: flex; flex-wrap: wrap; gap: 1.5rem 2rem; align-items: flex-start; }
.with-qr > div { flex: 1; min-width: min(100%, 20rem); }
details + details { margin-top: 0.75rem; }
.install { text-align: center; max-width: 26rem; }
.install .item-icon { width: 6rem; height: 6rem; margin: 0 auto 1rem; display: block; }
.install .button { width: 100%; min-height: 3.25rem; font-size: 1.1rem; border-radius: 14px; }
.install .qr { margin: 0 auto 0.75rem; }
.install h1 { margin-bottom: 0.4rem; }
@media (max-width: 40rem) {
  main { padding-top: 1.25rem; }
  .card { padding: 1.1rem; }
  dl.facts { grid-template-columns: 1fr; gap: 0; }
  dl.facts dd { margin-bottom: 0.6rem; }
  table { table-layout: fixed; }
  th, td { overflow-wrap: anywhere; }
  thead { position: absolute; left: -999px; }
  tbody tr { display: block; border-top: 1px solid var(--line); padding: 0.7rem 0; }
  tbody tr:first-child { border-top: 0; padding-top: 0; }
  tbody th, tbody td, tbody td.number { display: block; border: 0; padding: 0.15rem 0; text-align: left; }
  tbody td[data-label], tbody td.number[data-label] { display: flex; gap: 1rem; justify-content: space-between; text-align: right; }
  td .inline { justify-content: flex-start; margin-top: 0.35rem; }
  .inline > .field { flex: 1 1 100%; }
  .inline > button { margin-top: 0; }
  .inline .hint, .inline .error { max-width: none; }
  .inline input[type="number"] { max-width: none; }
  .top { gap: 0.25rem 1rem; padding-bottom: 0.5rem; }
  .top nav { order: 1; flex-basis: 100%; margin: 0 -0.4rem; gap: 0; justify-content: space-between; font-size: 0.9rem; }
  .top nav a { padding: 0.4rem; }
  .list .badges { padding-left: 4rem; }
  td[data-label] .badges { justify-content: flex-end; }
  .top form { margin-left: auto; }
  td[data-label]::before { content: attr(data-label); color: var(--faint); text-align: left; }
}
`;

/** A hash of the content: a changed style has another path, so browsers can cache each one. */
export const styleHash: string = createHash("sha256").update(style).digest("hex").slice(0, 12);
