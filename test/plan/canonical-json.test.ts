import test from "ava";
import fc from "fast-check";
import { canonicalJson } from "../../plan/canonical-json.js";

test("RFC 8785, section 3.2.2 to 3.2.3: numbers, literals, strings and keys in order", (t) => {
  const published = String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`;
  t.is(
    canonicalJson(JSON.parse(published)),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test("RFC 8785, section 3.2.3: keys are sorted by UTF-16 code units", (t) => {
  const value = {
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
  };
  const order = Object.values(JSON.parse(canonicalJson(value)) as object).filter((name) => name !== "One");
  t.true(canonicalJson(value).indexOf("Carriage Return") < canonicalJson(value).indexOf('"One"'));
  t.deepEqual(order, [
    "Carriage Return",
    "Control",
    "Latin Small Letter O With Diaeresis",
    "Euro Sign",
    "Emoji: Grinning Face",
    "Hebrew Letter Dalet With Dagesh",
  ]);
});

test("RFC 8785, appendix B: numbers from their bits", (t) => {
  const samples: readonly [bits: string, text: string][] = [
    ["0000000000000000", "0"],
    ["8000000000000000", "0"],
    ["0000000000000001", "5e-324"],
    ["8000000000000001", "-5e-324"],
    ["7fefffffffffffff", "1.7976931348623157e+308"],
    ["4340000000000000", "9007199254740992"],
    ["4430000000000000", "295147905179352830000"],
    ["44b52d02c7e14af5", "9.999999999999997e+22"],
    ["44b52d02c7e14af6", "1e+23"],
    ["444b1ae4d6e2ef4f", "999999999999999900000"],
    ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
    ["3eb0c6f7a0b5ed8d", "0.000001"],
    ["41b3de4355555556", "333333333.3333334"],
    ["41b3de4355555557", "333333333.33333343"],
    ["becbf647612f3696", "-0.0000033333333333333333"],
  ];
  for (const [bits, text] of samples) t.is(canonicalJson(Buffer.from(bits, "hex").readDoubleBE()), text);
});

test("it parses back to the value, and the order of keys does not matter", (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      t.is(canonicalJson(JSON.parse(text)), text);
      t.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
    }),
  );
  t.is(canonicalJson({ b: 1, a: { d: 2, c: undefined } }), canonicalJson({ a: { d: 2 }, b: 1 }));
});

test("what JSON cannot carry is refused by name", (t) => {
  t.is(t.throws(() => canonicalJson({ a: [0, NaN] }))?.message, 'value.a[1] is "NaN"; it must be a finite number');
  t.regex(t.throws(() => canonicalJson("\ud800"))?.message ?? "", /lone surrogate/);
  let deep: unknown = 0;
  for (let level = 0; level < 100_000; level++) deep = [deep];
  t.regex(t.throws(() => canonicalJson(deep))?.message ?? "", /at most 32 deep/);
});
