/** Loaded with `--import`, it sets the clock of a process 20 minutes ahead. */
const RealDate = Date;
const ahead = 20 * 60_000;

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + ahead);
    else super(...args);
  }

  static now() {
    return RealDate.now() + ahead;
  }
};
