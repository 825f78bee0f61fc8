/** What of the pictures a page takes that draws by itself: it needs nothing of Node.js. */
export { COLOURS, seriesColour } from "./palette.js";
