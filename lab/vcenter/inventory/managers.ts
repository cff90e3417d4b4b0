// The managers beside the inventory: events, options, licences, fields that users made.
import type { Center } from '../center.ts';
import { type Data, data, list, ref } from '../soap/value.ts';
import type { ManagedObject } from './managed-object.ts';

export function managers(center: Center): ManagedObject[] {
  return [
    {
      ref: ref('EventManager', 'EventManager'),
      properties: {
        latestEvent: () => {
          const last = center.events.all().at(-1);
          return last && center.events.describe(last);
        },
        maxCollector: () => 1000,
      },
    },
    {
      ref: ref('OptionManager', 'VpxSettings'),
      properties: { setting: () => list('OptionValue', optionList(center)) },
    },
    {
      ref: ref('LicenseManager', 'LicenseManager'),
      properties: {
        licenses: () => list('LicenseManagerLicenseInfo', [licence()]),
        evaluation: () => data('LicenseManagerEvaluationInfo', { properties: list('KeyAnyValue', []) }),
      },
    },
    {
      ref: ref('CustomFieldsManager', 'CustomFieldsManager'),
      properties: { field: () => list('CustomFieldDef', customFields(center)) },
    },
  ];
}

/** Options of vCenter that clients ask for. */
export function optionList(center: Center): Data[] {
  const { port } = center.address;
  const options: Record<string, string | number> = {
    'VirtualCenter.InstanceName': 'lab',
    'VirtualCenter.FQDN': 'localhost',
    'config.vpxd.hostnameUrl': 'localhost',
    'config.log.level': 'info',
    'WebService.Ports.https': port,
    'client.timeout.normal': 30,
    'vpxd.event.maxAge': 30,
    'vpxd.event.maxAgeEnabled': 'true',
  };
  return Object.entries(options).map(([key, value]) => data('OptionValue', { key, value }));
}

function licence(): Data {
  return data('LicenseManagerLicenseInfo', {
    licenseKey: '00000-00000-00000-00000-00000',
    editionKey: 'eval',
    name: 'Evaluation Mode',
    total: 0,
    costUnit: '',
    properties: list('KeyAnyValue', []),
  });
}

/** The fields that users made for objects, all or those for objects of this type. */
export function customFields(center: Center, type?: string): Data[] {
  return (center.state.customFields ?? [])
    .filter((field) => type === undefined || field.type === undefined || field.type === type)
    .map(({ key, name, type: managedObjectType }) =>
      data('CustomFieldDef', { key, name, type: 'string', managedObjectType }),
    );
}

export function customValues(center: Center, object: string): Data[] {
  return Object.entries(center.state.customValues?.[object] ?? {}).map(([key, value]) =>
    data('CustomFieldStringValue', { key: Number(key), value }),
  );
}
