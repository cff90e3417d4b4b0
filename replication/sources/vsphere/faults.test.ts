// What vCenter, hosts and network say, and which fault of ours a person gets to read.
import { describe, expect, it } from 'vitest';
import { type FaultCode, FaultError, faultError } from '../../model/fault.ts';
import { CertificateMismatch } from './certificate.ts';
import { asFaultError, type During, FAULT_TABLE } from './faults.ts';
import { VimFault, VimHttpError, VimTimeout } from './soap.ts';
import { TaskDeadline } from './tasks.ts';
import { parseXml, XmlError } from './xml/xml-node.ts';

const gone = (type: string) =>
  new VimFault('ManagedObjectNotFound', 'gone', parseXml(`<f><obj type="${type}">x-1</obj></f>`));
const coded = (code: string) => Object.assign(new Error(code), { code });

const CASES: [unknown, During, FaultCode][] = [
  [new VimFault('InvalidLogin', 'Cannot complete login'), 'login', 'vcenter-login-refused'],
  [new VimFault('PasswordExpired', 'expired'), 'login', 'vcenter-login-refused'],
  [new VimFault('NoPermission', 'denied'), 'login', 'vcenter-login-refused'],
  [new VimFault('SystemError', 'The maximum number of sessions has been exceeded.'), 'login', 'vcenter-unreachable'],
  [new VimFault('NotAuthenticated', 'The session is not authenticated.'), 'read', 'vcenter-session-lost'],
  [new VimFault('NoPermission', 'denied'), 'snapshot', 'vcenter-privilege-missing'],
  [new VimFault('NoPermission', 'denied'), 'export', 'vcenter-privilege-missing'],
  [gone('VirtualMachine'), 'read', 'server-gone'],
  [gone('VirtualMachine'), 'snapshot', 'server-gone'],
  [gone('VirtualMachineSnapshot'), 'export', 'export-refused'],
  [gone('HttpNfcLease'), 'export', 'export-refused'],
  [new VimFault('NoDiskSpace', 'full'), 'snapshot', 'snapshot-no-space'],
  [new VimFault('GenericVmConfigFault', 'Unable to open the snapshot file.'), 'snapshot', 'snapshot-no-space'],
  [new VimFault('FileLocked', 'locked'), 'snapshot', 'snapshot-failed'],
  [new VimFault('FileLocked', 'locked'), 'release', 'snapshot-removal-failed'],
  [new TaskDeadline('still running'), 'release', 'snapshot-removal-failed'],
  [new TaskDeadline('still running'), 'snapshot', 'snapshot-failed'],
  [new VimFault('TaskInProgress', 'busy'), 'export', 'export-refused'],
  [new VimFault('InvalidState', 'no'), 'export', 'export-refused'],
  [new VimFault('HostNotConnected', 'no'), 'export', 'esxi-unreachable'],
  [new VimFault('SomethingNew', 'what?'), 'read', 'vcenter-fault'],
  [new CertificateMismatch('vc', 'AA', 'BB'), 'read', 'vcenter-certificate-changed'],
  [new CertificateMismatch('esx', 'AA', 'BB'), 'stream', 'vcenter-certificate-changed'],
  [coded('DEPTH_ZERO_SELF_SIGNED_CERT'), 'stream', 'esxi-unreachable'],
  [coded('ENOTFOUND'), 'stream', 'esxi-unreachable'],
  [coded('ECONNREFUSED'), 'stream', 'esxi-unreachable'],
  [new TypeError('terminated', { cause: coded('UND_ERR_SOCKET') }), 'stream', 'export-cut'],
  [coded('ECONNRESET'), 'stream', 'export-cut'],
  [coded('UND_ERR_BODY_TIMEOUT'), 'stream', 'export-cut'],
  [new VimHttpError(404, 'no such file'), 'stream', 'export-refused'],
  [coded('ENOTFOUND'), 'read', 'vcenter-unreachable'],
  [coded('ECONNREFUSED'), 'read', 'vcenter-unreachable'],
  [new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')]), 'read', 'vcenter-unreachable'],
  [coded('ECONNRESET'), 'read', 'vcenter-unreachable'],
  [coded('ERR_SSL_WRONG_VERSION_NUMBER'), 'read', 'vcenter-unreachable'],
  [new VimTimeout('no answer'), 'read', 'vcenter-unreachable'],
  [new VimHttpError(503, 'Service Unavailable'), 'read', 'vcenter-unreachable'],
  [new VimHttpError(404, '<html>'), 'read', 'vcenter-unreachable'],
  [new XmlError('no XML'), 'read', 'vcenter-unreachable'],
  [new RangeError('ours'), 'read', 'internal'],
];

describe('faults of vSphere', () => {
  for (const [error, during, code] of CASES) {
    const name = error instanceof VimFault ? error.type : `${(error as Error).name} ${(error as Error).message}`;
    it(`${name} in ${during} is ${code}`, () => {
      const { fault } = asFaultError(error, { during });
      expect(fault.code).toBe(code);
      expect(fault.cause).toBeTruthy();
      expect(fault.message).not.toMatch(/undefined|null/);
    });
  }

  it('name the privilege and the object', () => {
    const details = parseXml('<f><object type="Datacenter">dc-2</object><privilegeId>VApp.Export</privilegeId></f>');
    const { fault } = asFaultError(new VimFault('NoPermission', 'denied', details), { during: 'export' });
    expect(fault.message).toContain('VApp.Export on Datacenter dc-2');
    expect(fault.remedy).toContain('VApp.Export');
  });

  it('give way to an abort, whose own fault goes through', () => {
    const stopped = AbortSignal.abort();
    expect(asFaultError(coded('ECONNRESET'), { during: 'read', signal: stopped }).fault.code).toBe('cancelled');
    const lost = faultError('lease-lost');
    expect(asFaultError(new Error('x'), { during: 'read', signal: AbortSignal.abort(lost) })).toBe(lost);
    expect(asFaultError(lost, { during: 'read' })).toBe(lost);
    expect(asFaultError('thrown text', { during: 'read' })).toBeInstanceOf(FaultError);
  });

  it('each say where their signature comes from, and ask for something', () => {
    for (const row of FAULT_TABLE) {
      expect(row.origin.length).toBeGreaterThan(10);
      expect(row.types ?? row.codes ?? row.names ?? row.status ?? row.text ?? row.when).toBeDefined();
    }
  });
});
