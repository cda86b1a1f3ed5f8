// Take the steps with the official Node library: `node take_steps.mjs PACKAGE BASE < STEPS` prints what was unexpected.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [folder, base] = process.argv.slice(2);
const Stripe = createRequire(`${folder}/`)("stripe");
const address = new URL(base);
const client = new Stripe("sk_test_smoke", {
  host: address.hostname,
  port: address.port,
  protocol: "http",
  maxNetworkRetries: 0,
});
const PATIENCE = 20_000;
const kept = {};

const part = (whole, path) => path.split(".").reduce((found, name) => found[name], whole);

const filled = (value) => {
  if (Array.isArray(value)) return value.map(filled);
  if (value !== null && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, filled(item)]));
  return typeof value === "string" && value.startsWith("$") ? part(kept, value.slice(1)) : value;
};

const isThere = (answer, wanted) => {
  try {
    return Object.entries(wanted).every(([path, value]) => part(answer, path) === value);
  } catch {
    return false;
  }
};

const call = async (step) => {
  const names = step.call.split(".");
  const holder = names.slice(0, -1).reduce((found, name) => found[name], client);
  const options = step.account ? { stripeAccount: filled(step.account) } : {};
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    let answer;
    try {
      answer = await holder[names.at(-1)](...filled(step.ids ?? []), filled(step.with ?? {}), options);
    } catch (error) {
      return [error.statusCode ?? 0, error.message];
    }
    if (isThere(answer, step.until ?? {}) || Date.now() > deadline) return [answer.lastResponse.statusCode, answer];
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

const unexpected = [];
for (const step of JSON.parse(readFileSync(0, "utf-8"))) {
  try {
    const [status, said] = await call(step);
    if (status !== step.status) unexpected.push(`${step.call}: ${status} instead of ${step.status}: ${said}`);
    else if (status === 200 && step.as) kept[step.as] = said;
  } catch (error) {
    unexpected.push(`${step.call}: ${error.message}`);
  }
}
process.stdout.write(JSON.stringify(unexpected));
