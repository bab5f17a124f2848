import { expect, test } from 'vitest';
import { sendStatusReport, setServiceCertificate } from '../../tools/system.ts';

test('the certificate that the server presented before is put back, where the server shows which one it was', () => {
  const { before, inverse } = setServiceCertificate;
  const args = { thumbprint: '0F1E2D3C4B5A69788796A5B4C3D2E1F001122334' };
  const back = (configuration: unknown) => inverse?.(args, before?.pick(configuration, args), undefined);
  expect([
    back({ apiPort: 8463, certificateThumbprint: 'A1B2C3D4E5F6' }),
    back({ apiPort: 8463 }),
    back({ certificateThumbprint: null }),
  ]).toEqual([{ command: 'SetServiceCertificate', args: { thumbprint: 'A1B2C3D4E5F6' } }, undefined, undefined]);
});

test('a status report is never called back', () => {
  expect(sendStatusReport.irreversible).toBe('A mail that was sent cannot be called back.');
});
