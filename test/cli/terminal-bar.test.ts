import test from "ava";
import { TerminalBar } from "../../cli/terminal-bar.js";
import { screenAfter } from "./in-terminal.js";

/** A bar on a terminal of so many columns, whose line feeds return as a terminal's do. */
function barOn(columns: number) {
  let [sent, nowMs] = ["", 0];
  const write = (text: string) => {
    sent += text.replaceAll("\n", "\r\n");
  };
  const bar = new TerminalBar({ write, columns }, () => {
    nowMs += 1000;
    return nowMs;
  });
  return { bar, screen: () => screenAfter(sent, columns || 80), sent: () => sent };
}

test("the bar is one line that is drawn again, with the news above it", (t) => {
  const { bar, screen } = barOn(80);
  bar.say("first");
  bar.show({ before: "1/4", share: 0.25, after: "a long text that is there at the beginning" });
  bar.say("second");
  bar.show({ before: "2/4", share: 0.5, after: "short" });
  t.deepEqual(screen(), ["first", "second", "2/4 [==========----------] short"]);
  bar.show({ before: "4/4", share: 1, after: "" });
  bar.stop();
  bar.say("third");
  bar.stop();
  t.deepEqual(screen(), ["first", "second", "4/4 [====================]", "third", ""]);
});

test("in a narrow terminal the bar is shorter, and is cut off before it wraps", (t) => {
  const { bar, screen } = barOn(40);
  bar.show({ before: "1/4", share: 0.25, after: "epoch 1/8 stage 0 8x8x8 batch 2 loss 1.000" });
  bar.show({ before: "2/4", share: 0.5, after: "epoch 1/8 stage 0 8x8x8 batch 2 loss 1.000" });
  t.deepEqual(screen(), ["2/4 [====----] epoch 1/8 stage 0 8x8x8"]);
});

test("a bar that is cleared leaves nothing", (t) => {
  const { bar, screen } = barOn(80);
  bar.show({ share: 0.5, after: "half" });
  bar.stop({ clear: true });
  bar.say("next");
  t.deepEqual(screen(), ["next", ""]);
});

test("a terminal that does not know its width has eighty columns", (t) => {
  const { bar, screen } = barOn(0);
  bar.show({ share: 0, after: "x".repeat(200) });
  t.deepEqual(screen(), [`[--------------------] ${"x".repeat(56)}`]);
});

test("what comes too soon to be drawn is drawn a little later", async (t) => {
  let sent = "";
  const alive = setInterval(() => undefined, 1000); // the bar's own timer keeps no program alive
  await new Promise<void>((resolve) => {
    const write = (text: string) => {
      sent += text;
      if (text.includes("second")) resolve();
    };
    const bar = new TerminalBar({ write, columns: 80 });
    bar.show({ share: 0, after: "first" });
    bar.show({ share: 0.5, after: "second" });
  });
  clearInterval(alive);
  t.deepEqual(screenAfter(sent, 80), ["[==========----------] second"]);
});
