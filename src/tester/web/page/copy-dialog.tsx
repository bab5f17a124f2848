import { useEffect, useState } from 'preact/hooks';
import type { CopyForm } from '../protocol.ts';
import { Code } from './body-view.tsx';
import { Modal } from './modal.tsx';

const HEADINGS: Readonly<Record<CopyForm | 'link', string>> = {
  curl: 'As a curl command',
  powershell: 'As a PowerShell command',
  terminal: 'As a command of the terminal',
  mcp: 'As an MCP call',
  link: 'As a link to this form',
};

interface Props {
  readonly as: CopyForm | 'link';
  readonly text: string;
  readonly onClose: () => void;
}

/** Shows a call written in another way, and puts it into the clipboard. */
export function CopyDialog({ as, text, onClose }: Props) {
  const [said, setSaid] = useState('');
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setSaid('It is in the clipboard.'),
      () => setSaid('The browser does not allow the clipboard; mark the text and copy it.'),
    );
  };
  useEffect(copy, []);
  return (
    <Modal labelledBy="copy-heading" onEscape={onClose}>
      <h2 id="copy-heading">{HEADINGS[as]}</h2>
      <Code label={HEADINGS[as]}>{text}</Code>
      {as === 'link' && (
        <p class="hint">
          It holds the command and its input, without secrets, and works on this machine while the tester runs. After the tester was started
          again, the part from # on fits behind the new address.
        </p>
      )}
      <p class="hint" role="status">
        {said}
      </p>
      <p class="actions">
        <button type="button" class="primary" autofocus onClick={onClose}>
          Close
        </button>
        <button type="button" onClick={copy}>
          Copy again
        </button>
      </p>
    </Modal>
  );
}
