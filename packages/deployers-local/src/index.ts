export { LocalDeployManager, type LocalDeployManagerOptions } from "./local-deploy-manager.ts";
export type { LocalDeployOptions } from "./local-deploy-options.ts";
export type { LocalDeploymentRecord } from "./local-deployment-record.ts";
