process.env.CONFORMANCE_CARRIER = "lane";
process.env.CONFORMANCE_RULES = "carried";
await import("./replica-rules.test.js");
