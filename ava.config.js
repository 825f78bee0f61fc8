/** `npm test`: all but what takes half a minute and more. */
export default {
  files: ["dist/test/**/*.test.js", "!dist/test/**/*.slow.test.js"],
  timeout: "4m",
  workerThreads: false,
};
