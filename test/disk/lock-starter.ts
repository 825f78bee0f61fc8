import { lockFolder } from "../../disk/process-lock.js";

/** A process that takes a folder's lock when it is told to, and says whether it got it. Keeps it until it is told to let go. */
let held: Disposable | undefined;

process.on("message", (message: { readonly take?: string }) => {
  if (message.take === undefined) {
    held?.[Symbol.dispose]();
    held = undefined;
    process.send?.("free");
    return;
  }
  try {
    held = lockFolder(message.take, { name: ".lock", doing: "has it", hint: "Wait" });
    process.send?.("held");
  } catch (error) {
    process.send?.((error as { code?: string }).code ?? String(error));
  }
});
process.send?.("up");
