import type { Route } from "../http.js";
import type { StateStore } from "../state.js";
import { bucketRoutes } from "./bucket-routes.js";
import { ContainerAccess } from "./container-access.js";
import { containerRoutes } from "./container-routes.js";
import { DiskObjectStore } from "./disk-store.js";
import { objectRoutes } from "./object-routes.js";
import type { ObjectStore } from "./object-store.js";
import { proxyRoutes } from "./proxy-routes.js";
import { RemoteObjectStore } from "./remote-store.js";
import { ResumableSessions } from "./resumable-sessions.js";
import { Rewrites } from "./rewrites.js";
import { uploadRoutes } from "./upload-routes.js";

/** Cloud Storage: its objects, who may read them, and its routes. */
export interface StorageService {
  objects: ObjectStore;
  access: ContainerAccess;
  routes: Route[];
  /** Closes the files that are open. */
  close(): void;
}

/**
 * Opens Cloud Storage.
 *
 * @param options.storageEndpoint Another server to keep the objects, in place of the data directory.
 */
export async function openStorage(options: {
  dataDir: string;
  state: StateStore;
  storageEndpoint?: string | undefined;
}): Promise<StorageService> {
  const access = new ContainerAccess();
  if (options.storageEndpoint !== undefined) {
    const objects = new RemoteObjectStore(options.storageEndpoint);
    const routes = [...containerRoutes(objects, access), ...proxyRoutes(options.storageEndpoint)];
    return { objects, access, routes, close: () => {} };
  }
  const objects = await DiskObjectStore.open(options.dataDir, options.state);
  const sessions = new ResumableSessions(options.dataDir, options.state);
  return {
    objects,
    access,
    routes: [
      ...containerRoutes(objects, access),
      ...uploadRoutes(objects, sessions),
      ...bucketRoutes(objects),
      ...objectRoutes(objects, new Rewrites(objects, options.state)),
    ],
    close: () => objects.close(),
  };
}
