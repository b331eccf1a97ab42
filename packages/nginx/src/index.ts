import { check } from "./check.ts";
import { refuse } from "./refuse.ts";

/** What `js_import portcullis from portcullis.js;` offers to `js_content`. */
const handlers: { readonly check: typeof check; readonly refuse: typeof refuse } = {
  check,
  refuse,
};
export default handlers;
