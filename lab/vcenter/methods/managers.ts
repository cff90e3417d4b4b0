// What the managers beside the inventory answer: options of vCenter, and fields that its users made.
import { customFields, optionList } from '../inventory/managers.ts';
import { child, numberOf, textOf } from '../soap/element.ts';
import { invalidArgument, VimFault } from '../soap/fault.ts';
import { list } from '../soap/value.ts';
import { type Call, type Methods, refArgument } from './method.ts';

export const managerMethods: Methods = {
  QueryOptions: {
    on: 'OptionManager',
    privilege: 'System.Read',
    handle: (call) => {
      const name = textOf(call.args, 'name') ?? '';
      // A name that ends in a full stop asks for all below it.
      const found = optionList(call.center).filter(({ fields: { key } }) =>
        name.endsWith('.') ? String(key).startsWith(name) : name === '' || key === name,
      );
      if (found.length === 0) throw new VimFault('InvalidName', `There is no option ${name}`, { name });
      return list('OptionValue', found);
    },
  },
  AddCustomFieldDef: {
    on: 'CustomFieldsManager',
    privilege: 'Global.ManageCustomFields',
    handle: (call) => {
      const name = textOf(call.args, 'name') ?? '';
      const fields = fieldsOf(call);
      if (name === '') throw invalidArgument('name');
      if (fields.some((field) => field.name === name)) {
        throw new VimFault('DuplicateName', `The name '${name}' already exists.`, { name, object: call.self });
      }
      const key = Math.max(100, ...fields.map((field) => field.key)) + 1;
      const type = child(call.args, 'moType')?.text || undefined;
      fields.push({ key, name, type });
      call.center.save();
      return customFields(call.center).find(({ fields: one }) => one.key === key);
    },
  },
  RenameCustomFieldDef: {
    on: 'CustomFieldsManager',
    privilege: 'Global.ManageCustomFields',
    handle: (call) => {
      fieldOf(call).name = textOf(call.args, 'name') || fieldOf(call).name;
      call.center.save();
      return undefined;
    },
  },
  RemoveCustomFieldDef: {
    on: 'CustomFieldsManager',
    privilege: 'Global.ManageCustomFields',
    handle: (call) => {
      const { key } = fieldOf(call);
      call.center.state.customFields = fieldsOf(call).filter((field) => field.key !== key);
      for (const values of Object.values(call.center.state.customValues ?? {})) delete values[key];
      call.center.save();
      return undefined;
    },
  },
  SetField: {
    on: 'CustomFieldsManager',
    privilege: 'Global.SetCustomField',
    handle: (call) => {
      const entity = call.center.get(refArgument(call, 'entity')).ref;
      const { key } = fieldOf(call);
      const { state } = call.center;
      const values = { ...state.customValues?.[entity.value] };
      const value = textOf(call.args, 'value') ?? '';
      if (value === '') delete values[key];
      else values[key] = value;
      state.customValues = { ...state.customValues, [entity.value]: values };
      call.center.save();
      return undefined;
    },
  },
};

function fieldsOf(call: Call): { key: number; name: string; type?: string }[] {
  call.center.state.customFields ??= [];
  return call.center.state.customFields;
}

function fieldOf(call: Call) {
  const key = numberOf(call.args, 'key');
  const found = fieldsOf(call).find((field) => field.key === key);
  if (!found) throw new VimFault('NotFound', `There is no custom field ${key}`);
  return found;
}
