process.env.CONFORMANCE_CARRIER = "lane";
process.env.CONFORMANCE_RULES = "carried";
await import("./refusals.test.js");
