import { describe, expect, it } from 'vitest';
import { hashPassword, newPassword, verifyPassword } from './passwords.ts';

describe('passwords', () => {
  it('keeps an argon2id hash that only the password opens', async () => {
    const kept = await hashPassword('correct horse battery');
    expect(kept).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await verifyPassword(kept, 'correct horse battery')).toBe(true);
    expect(await verifyPassword(kept, 'correct horse batterY')).toBe(false);
    expect(await hashPassword('correct horse battery')).not.toBe(kept);
  });

  it('says no to nobody, to nonsense and to endless input', async () => {
    expect(await verifyPassword(null, 'anything')).toBe(false);
    expect(await verifyPassword('not a hash', 'anything')).toBe(false);
    const kept = await hashPassword('x'.repeat(600));
    expect(await verifyPassword(kept, 'x'.repeat(600))).toBe(false);
  });

  it('makes passwords that differ and can be typed', () => {
    const made = new Set(Array.from({ length: 200 }, newPassword));
    expect(made.size).toBe(200);
    for (const password of made) expect(password).toMatch(/^[a-km-np-z2-9]{5}(-[a-km-np-z2-9]{5}){3}$/);
  });
});
