/** Where a cloud's services are (Azure docs, "Azure environments"; `az cloud list`). */
export interface Cloud {
  readonly resourceManager: string;
  /** What a token for the resource manager is asked for. */
  readonly resourceManagerAudience: string;
  readonly logs: string;
  readonly logsAudience: string;
  readonly login: string;
  readonly vaultSuffix: string;
  readonly vaultAudience: string;
}

export type CloudName = "public" | "usGovernment" | "china";

export const CLOUDS: Readonly<Record<CloudName, Cloud>> = {
  public: {
    resourceManager: "https://management.azure.com",
    resourceManagerAudience: "https://management.azure.com/",
    logs: "https://api.loganalytics.azure.com",
    logsAudience: "https://api.loganalytics.io/",
    login: "https://login.microsoftonline.com",
    vaultSuffix: "vault.azure.net",
    vaultAudience: "https://vault.azure.net",
  },
  usGovernment: {
    resourceManager: "https://management.usgovcloudapi.net",
    resourceManagerAudience: "https://management.usgovcloudapi.net/",
    logs: "https://api.loganalytics.us",
    logsAudience: "https://api.loganalytics.us/",
    login: "https://login.microsoftonline.us",
    vaultSuffix: "vault.usgovcloudapi.net",
    vaultAudience: "https://vault.usgovcloudapi.net",
  },
  china: {
    resourceManager: "https://management.chinacloudapi.cn",
    resourceManagerAudience: "https://management.chinacloudapi.cn/",
    logs: "https://api.loganalytics.azure.cn",
    logsAudience: "https://api.loganalytics.azure.cn/",
    login: "https://login.chinacloudapi.cn",
    vaultSuffix: "vault.azure.cn",
    vaultAudience: "https://vault.azure.cn",
  },
};
