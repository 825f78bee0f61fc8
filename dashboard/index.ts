export { type DashboardOptions, type DashboardServer, serveDashboard } from "./server/serve.js";
