import { contractHandler } from "../../contract.js";

const handler = contractHandler(JSON.parse(process.env.CONTRACT_SETUP ?? "{}"));

export {
  handler as DELETE,
  handler as GET,
  handler as HEAD,
  handler as OPTIONS,
  handler as PATCH,
  handler as POST,
  handler as PUT,
};
