// The service instance and the singletons beside it.
import { createHash } from 'node:crypto';
import type { Center } from '../center.ts';
import { authorizationProperties } from '../privileges.ts';
import { type Data, data, list, ref, time } from '../soap/value.ts';
import type { ManagedObject } from './managed-object.ts';
import { managers } from './managers.ts';
import { performanceManager } from './performance.ts';

/** The same text gives the same UUID. */
export function uuidFrom(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export function aboutInfo(apiVersion: string, apiType: 'VirtualCenter' | 'HostAgent', instanceUuid: string): Data {
  const version = `${apiVersion}.0.0`.split('.').slice(0, 3).join('.');
  const center = apiType === 'VirtualCenter';
  const name = center ? 'VMware vCenter Server' : 'VMware ESXi';
  return data('AboutInfo', {
    name,
    fullName: `${name} ${version} build-22617221`,
    vendor: 'VMware, Inc.',
    version,
    patchLevel: '00000',
    build: '22617221',
    localeVersion: 'INTL',
    localeBuild: '000',
    osType: center ? 'linux-x64' : 'vmnix-x86',
    productLineId: center ? 'vpx' : 'embeddedEsx',
    apiType,
    apiVersion,
    instanceUuid: center ? instanceUuid : undefined,
    licenseProductName: center ? 'VMware VirtualCenter Server' : 'VMware ESX Server',
    licenseProductVersion: version.split('.').slice(0, 1).concat('0').join('.'),
  });
}

export function serviceContent(center: Center): Data {
  const { world } = center.state;
  return data('ServiceContent', {
    rootFolder: ref('Folder', 'group-d1'),
    propertyCollector: ref('PropertyCollector', 'propertyCollector'),
    viewManager: ref('ViewManager', 'ViewManager'),
    about: aboutInfo(world.apiVersion, 'VirtualCenter', world.instanceUuid),
    setting: ref('OptionManager', 'VpxSettings'),
    sessionManager: ref('SessionManager', 'SessionManager'),
    authorizationManager: ref('AuthorizationManager', 'AuthorizationManager'),
    perfManager: ref('PerformanceManager', 'PerfMgr'),
    eventManager: ref('EventManager', 'EventManager'),
    taskManager: ref('TaskManager', 'TaskManager'),
    customFieldsManager: ref('CustomFieldsManager', 'CustomFieldsManager'),
    licenseManager: ref('LicenseManager', 'LicenseManager'),
    searchIndex: ref('SearchIndex', 'SearchIndex'),
    ovfManager: ref('OvfManager', 'OvfManager'),
  });
}

/** The objects that exist once. Sessions keep those that belong to one client. */
export function serviceObjects(center: Center): ManagedObject[] {
  return [
    {
      ref: ref('ServiceInstance', 'ServiceInstance'),
      properties: {
        content: () => serviceContent(center),
        serverClock: () => time(Date.now()),
        capability: () =>
          data('Capability', {
            provisioningSupported: true,
            multiHostSupported: true,
            userShellAccessSupported: false,
          }),
      },
    },
    { ref: ref('ViewManager', 'ViewManager'), properties: { viewList: () => list('ManagedObjectReference', []) } },
    { ref: ref('SearchIndex', 'SearchIndex'), properties: {} },
    {
      ref: ref('OvfManager', 'OvfManager'),
      properties: {
        ovfImportOption: () => list('OvfOptionInfo', []),
        ovfExportOption: () => list('OvfOptionInfo', []),
      },
    },
    { ref: ref('AuthorizationManager', 'AuthorizationManager'), properties: authorizationProperties() },
    {
      ref: ref('TaskManager', 'TaskManager'),
      properties: {
        recentTask: () => list('ManagedObjectReference', center.tasks.recent()),
        maxCollector: () => 32,
      },
    },
    ...managers(center),
    performanceManager(),
    { ref: ref('SessionManager', 'SessionManager'), properties: center.sessions.managerProperties() },
    {
      ref: ref('PropertyCollector', 'propertyCollector'),
      properties: { filter: () => list('ManagedObjectReference', []) },
    },
  ];
}
