// From the text of a SOAP request to the text of its answer: session, fault rules, privileges, method.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Center } from '../center.ts';
import { isType } from '../inventory/managed-object.ts';
import { methods } from '../methods/all.ts';
import type { Answer, Call } from '../methods/method.ts';
import { isGranted } from '../privileges.ts';
import { type Session, userSession } from '../sessions.ts';
import { child, type Element, parseXml } from './element.ts';
import { managedObjectNotFound, methodNotFound, noPermission, notAuthenticated, VimFault } from './fault.ts';
import { data, escapeXml, type MoRef, ref, renderElement, type Value, type XmlStyle } from './value.ts';

export interface SoapRequest {
  body: string;
  cookie: string | undefined;
  address: string;
  userAgent: string;
  signal: AbortSignal;
}

export interface SoapResponse {
  status: number;
  body: string;
  setCookie?: string;
  /** Close the connection after this many bytes of the body. */
  cutAfter?: number;
  /** What rules put in the place of something in the answer. */
  rewrites?: { find: string; replace: string }[];
}

export async function answerSoap(center: Center, request: SoapRequest): Promise<SoapResponse> {
  const response: SoapResponse = { status: 200, body: '' };
  try {
    const { name, answer } = await perform(center, request, response);
    const inner = returned(answer, center.settings.xmlStyle);
    response.body = envelope(`<${name}Response xmlns="urn:vim25">${inner}</${name}Response>`);
    for (const { find, replace } of response.rewrites ?? [])
      response.body = response.body.replace(new RegExp(find, 'gs'), replace);
  } catch (error) {
    const fault =
      error instanceof VimFault ? error : new VimFault('SystemError', String(error), { reason: String(error) });
    if (!(error instanceof VimFault) && !request.signal.aborted) console.error('lab vCenter:', error);
    response.status = 500;
    response.body = faultEnvelope(center, fault);
  }
  return response;
}

async function perform(
  center: Center,
  request: SoapRequest,
  response: SoapResponse,
): Promise<{ name: string; answer: Answer }> {
  const args = methodElement(request.body);
  const name = args.name;
  const session = center.sessions.use(request.cookie);
  const target = child(args, '_this');
  if (!target?.refType) throw new VimFault('InvalidRequest', 'A request needs _this with a type');
  const self = ref(target.refType, target.text);
  const find = (object: MoRef) => findFor(center, session, object);

  center.traffic.call(name);
  await applyFaults(center, name, self, session, request, response);
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (!method || (method.since ?? 0) > apiVersion(center)) throw methodNotFound(self, name);
  if (!method.open && !session) throw notAuthenticated(self, method.privilege);
  if (!find(self)) throw managedObjectNotFound(self);
  if (!isType(self.type, method.on)) throw methodNotFound(self, name);
  if (method.privilege && !isGranted(center.settings, method.privilege)) throw noPermission(self, method.privilege);
  const signals = [request.signal, center.closing.signal, ...(session ? [session.ended.signal] : [])];
  const call: Call = {
    center,
    session,
    self,
    args,
    find,
    signal: AbortSignal.any(signals),
    address: request.address,
    userAgent: request.userAgent,
    setCookie: (key) => {
      const value = key ? `"${key}"` : '""; Max-Age=0';
      response.setCookie = `vmware_soap_session=${value}; Path=/; HttpOnly; Secure`;
    },
  };
  const answer = await method.handle(call);
  if (session?.ended.signal.aborted && name !== 'Logout') throw notAuthenticated(self, method.privilege);
  return { name, answer };
}

function returned(answer: Answer, style: XmlStyle): string {
  if (typeof answer === 'object' && 'anyType' in answer) return renderElement('returnval', answer.anyType, style, true);
  if (typeof answer === 'object' && answer.kind === 'list') {
    return answer.items.map((item) => renderElement('returnval', item, style)).join('');
  }
  return renderElement('returnval', answer, style);
}

/** The first element of the SOAP body. */
function methodElement(body: string): Element {
  let root: Element;
  try {
    root = parseXml(body);
  } catch (error) {
    throw new VimFault('InvalidRequest', `The request is not XML: ${String(error)}`);
  }
  const method = child(root, 'Body')?.children[0];
  if (!method) throw new VimFault('InvalidRequest', 'The request has no SOAP body');
  return method;
}

/** What a session sees: its own `currentSession`, and objects of its own. */
function findFor(center: Center, session: Session | undefined, object: MoRef) {
  const found = center.find(object);
  if (found?.ref.type !== 'SessionManager' || !session) return found;
  return { ref: found.ref, properties: { ...found.properties, currentSession: () => userSession(session) } };
}

function apiVersion(center: Center): number {
  const [major = '0', minor = '0'] = center.state.world.apiVersion.split('.');
  return Number(`${major}.${minor}`);
}

async function applyFaults(
  center: Center,
  name: string,
  self: MoRef,
  session: Session | undefined,
  request: SoapRequest,
  response: SoapResponse,
): Promise<void> {
  const signal = AbortSignal.any([request.signal, center.closing.signal]);
  for (const effect of center.faults.take('vcenter', name, {
    vm: vmOf(center, self) ?? '',
    user: session?.user ?? '',
  })) {
    if (effect.kind === 'fail')
      throw new VimFault(effect.code, effect.message ?? effect.code, faultFields(effect.code, self));
    if (effect.kind === 'delay') await sleep(effect.ms, undefined, { signal });
    if (effect.kind === 'hang') await sleep(2 ** 31 - 1, undefined, { signal });
    if (effect.kind === 'cut') response.cutAfter = effect.afterBytes;
    if (effect.kind === 'rewrite') response.rewrites = [...(response.rewrites ?? []), effect];
  }
}

function faultFields(code: string, self: MoRef): Record<string, Value> {
  return code === 'NoPermission' || code === 'NotAuthenticated' ? { object: self, privilegeId: 'System.View' } : {};
}

/** The VM that a call is about. */
function vmOf(center: Center, self: MoRef): string | undefined {
  if (self.type === 'VirtualMachine') return self.value;
  if (self.type === 'VirtualMachineSnapshot') {
    return center.state.vms.find((vm) => vm.snapshots.some((snapshot) => snapshot.id === self.value))?.vm.id;
  }
  if (self.type === 'HttpNfcLease') return center.leases.all().find((lease) => lease.id === self.value)?.vm.vm.id;
  return undefined;
}

function envelope(inner: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<soapenv:Body>
${inner}
</soapenv:Body>
</soapenv:Envelope>`;
}

function faultEnvelope(center: Center, fault: VimFault): string {
  const detail = renderElement(`${fault.code}Fault`, data(fault.code, fault.fields), center.settings.xmlStyle);
  const declared = detail.replace(`<${fault.code}Fault`, `<${fault.code}Fault xmlns="urn:vim25"`);
  return envelope(
    `<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>${escapeXml(fault.message)}</faultstring><detail>${declared}</detail></soapenv:Fault>`,
  );
}
