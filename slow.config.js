import usual from "./ava.config.js";

/** `npm run test:slow`: what takes half a minute and more. */
export default { ...usual, files: ["dist/test/**/*.slow.test.js"] };
