import { describe, expect, it } from 'vitest';
import { FaultError } from '../../replication/model/fault.ts';
import { checkPassword, whyNotPassword } from './password-rule.ts';

const ann = { email: 'ann.miller@example.com', name: 'Ann Miller' };

describe('the rule for passwords', () => {
  it.each([
    'correct horse battery',
    'zwölf Boxkämpfer',
    '日本語のパスワードですから長い方がいい',
    'nothing but small letters',
    '48213 90177 500',
    '        spaces count too        ',
    `x${'yz '.repeat(170)}`,
  ])('lets %j be chosen', (password) => {
    expect(whyNotPassword(password, ann)).toBeNull();
  });

  it.each([
    ['fourteen signs', /at least 15 characters/],
    ['pear tree 31', /at least 15 characters/],
    ['🔒🔒🔒', /at least 15 characters/],
    ['y'.repeat(513), /at most 512/],
    ['q'.repeat(17), /same character/],
    ['password1', /most common/],
    ['PassWord1', /most common/],
    ['iloveyou', /most common/],
    ['qwertyuiop', /most common/],
    ['Sasha_007', /most common/],
    ['ann.miller@example.com', /your name or e-mail/],
    ['AnnMiller', /your name or e-mail/],
    ['ann-miller26', /your name or e-mail/],
    ['ann.miller!', /your name or e-mail/],
    ['Landfall26', /name of the product/],
  ])('refuses %j and says why', (password, why) => {
    expect(whyNotPassword(password, ann)).toMatch(why);
  });

  it('refuses no name that is merely short', () => {
    expect(whyNotPassword('jo and a long sentence', { email: 'jo@example.com', name: 'Jo' })).toBeNull();
  });

  it('throws a fault with the reason', () => {
    expect(() => checkPassword('12345678', ann)).toThrow(FaultError);
    expect(() => checkPassword('12345678', ann)).toThrow(/most common/);
    checkPassword('correct horse battery', ann);
  });
});
